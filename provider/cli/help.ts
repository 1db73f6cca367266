/** The help text, from the table of commands, and what a command line that names none of them may mean. Pure. */
import { UnikernelError } from "../base/errors";
import { closestMatch } from "../base/spelling";
import type { Command } from "./command";

/** Column at which summaries begin; on the next line if the command is longer. */
const SUMMARY_COLUMN = 36;

/**
 * The help of what the words name: one command (`ci comment`), the commands of a group (`ci`), or all of them (no words). `undefined`:
 * neither a command nor a group has that name.
 */
export function helpOf(words: string, commands: readonly Command[]): string | undefined {
  if (words === "") return formatHelp(commands);
  const named = commands.find(({ name }) => name === words);
  if (named !== undefined) return formatCommandHelp(named);
  const group = commands.filter(({ name }) => name.startsWith(`${words} `));
  if (group.length === 0) return undefined;
  return [`Usage: unikernel ${words} <command>`, "", ...group.flatMap(commandLines), ...instanceNote(group)].join("\n");
}

/** The help of all commands. */
function formatHelp(commands: readonly Command[]): string {
  return [
    "Usage: unikernel <command>",
    "",
    ...commands.flatMap(commandLines),
    line("  help [command]", "show this text, or that of a command or group, such as 'local'; also --help"),
    line("  --version", "show the version"),
    ...instanceNote(commands),
  ].join("\n");
}

/** The help of one command. */
function formatCommandHelp(command: Command): string {
  const [, ...options] = commandLines(command);
  const { name, operands, summary } = command;
  const hasOptions = options.length > 0;
  const usage = ["Usage: unikernel", name, hasOptions ? "[options]" : undefined, operands].filter(Boolean).join(" ");
  return [
    usage,
    "",
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    ...(hasOptions ? ["", ...options] : []),
    ...instanceNote([command]),
  ].join("\n");
}

/** How an instance is named, if one of the commands takes any. */
const instanceNote = (commands: readonly Command[]): readonly string[] =>
  commands.some(({ operands = "" }) => operands.includes("<instance>"))
    ? ["", "An <instance> is its name, the name of its resource, its UUID, or the first characters of the UUID."]
    : [];

function commandLines({ name, operands, summary, options = [] }: Command): readonly string[] {
  const usage = operands === undefined ? name : `${name} ${operands}`;
  return [line(`  ${usage}`, summary), ...options.map(([option, text]) => line(`    ${option}`, text))];
}

const line = (left: string, right: string): string =>
  left.length < SUMMARY_COLUMN
    ? `${left.padEnd(SUMMARY_COLUMN - 1)} ${right}`
    : `${left}\n${" ".repeat(SUMMARY_COLUMN)}${right}`;

/** The error of a command line that names a group without one of its commands, or a command that there is not. */
export function unknownCommand(args: readonly string[], commands: readonly Command[]): UnikernelError {
  const names = commands.map(({ name }) => name.split(" "));
  const depth = groupDepth(args, names);
  const [group, word] = [args.slice(0, depth).join(" "), args[depth]];
  const list =
    group === "" ? "'unikernel --help' lists all commands." : `'unikernel help ${group}' lists its commands.`;
  if (depth > 0 && (word === undefined || word.startsWith("-"))) {
    return new UnikernelError("INPUT_INVALID", `'${group}' needs the name of one of its commands.`, {
      hint: `'unikernel help ${group}' lists them.`,
    });
  }
  const similar = similarNames(args, depth, names).map((name) => `'unikernel ${name}'`);
  const suggestion = similar.length === 0 ? "" : `Did you mean ${similar.join(" or ")}? `;
  return new UnikernelError("INPUT_INVALID", `Unknown command '${args.slice(0, depth + 1).join(" ")}'.`, {
    hint: `${suggestion}${list}`,
  });
}

const beginsWith = (name: readonly string[], words: readonly string[]): boolean =>
  words.every((word, index) => name[index] === word);

/** How many words of the arguments name a group. */
function groupDepth(args: readonly string[], names: readonly (readonly string[])[]): number {
  const isGroup = (depth: number): boolean => names.some((name) => beginsWith(name, args.slice(0, depth)));
  let depth = 0;
  while (depth < args.length && isGroup(depth + 1)) depth++;
  return depth;
}

/** The commands or groups that may be meant: with the same words without their group, else the one that is spelt most like it. */
function similarNames(
  args: readonly string[],
  depth: number,
  names: readonly (readonly string[])[],
): readonly string[] {
  const [group, [word = "", ...rest]] = [args.slice(0, depth), args.slice(depth)];
  const without = depth > 0 ? [] : names.filter((name) => name.length > 1 && beginsWith(name.slice(1), [word]));
  if (without.length > 0) return without.map((name) => name.join(" "));
  const words = names.filter((name) => beginsWith(name, group)).flatMap((name) => name[depth] ?? []);
  const similar = closestMatch(word, [...new Set(words)]);
  if (similar === undefined) return [];
  const meant = [...group, similar];
  const whole = names.find((name) => name.length > meant.length && beginsWith([...meant, ...rest], name));
  return [(whole ?? meant).join(" ")];
}
