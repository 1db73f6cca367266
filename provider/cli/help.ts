/** The help text, from the table of commands. Pure. */
import type { Command } from "./command";

/** Column at which summaries begin, unless the command is longer. */
const SUMMARY_COLUMN = 36;

/** The help of all commands. */
export function formatHelp(commands: readonly Command[]): string {
  return [
    "Usage: unikernel <command>",
    "",
    ...commands.flatMap(commandLines),
    line("  --help", "show this text, or that of one command"),
    line("  --version", "show the version"),
    "",
    "An <instance> is its name, the name of its resource, its UUID, or the first characters of the UUID.",
  ].join("\n");
}

/** The help of one command. */
export function formatCommandHelp(command: Command): string {
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

const line = (left: string, right: string): string => `${left.padEnd(SUMMARY_COLUMN - 1)} ${right}`;
