/** The help text, from the table of commands. Pure. */
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
  return [`Usage: unikernel ${words} <command>`, "", ...group.flatMap(commandLines)].join("\n");
}

/** The help of all commands. */
function formatHelp(commands: readonly Command[]): string {
  return [
    "Usage: unikernel <command>",
    "",
    ...commands.flatMap(commandLines),
    line("  help [command]", "show this text, or that of a command or group, such as 'local'; also --help"),
    line("  --version", "show the version"),
    "",
    "An <instance> is its name, the name of its resource, its UUID, or the first characters of the UUID.",
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
  ].join("\n");
}

function commandLines({ name, operands, summary, options = [] }: Command): readonly string[] {
  const usage = operands === undefined ? name : `${name} ${operands}`;
  return [line(`  ${usage}`, summary), ...options.map(([option, text]) => line(`    ${option}`, text))];
}

const line = (left: string, right: string): string =>
  left.length < SUMMARY_COLUMN
    ? `${left.padEnd(SUMMARY_COLUMN - 1)} ${right}`
    : `${left}\n${" ".repeat(SUMMARY_COLUMN)}${right}`;
