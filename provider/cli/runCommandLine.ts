/** Runs a command line of `unikernel`: finds the subcommand and reports its errors. */
import { formatError, UnikernelError } from "../base/errors";
import { fromFolderError } from "../base/localPaths";
import { HELP_COMMAND } from "../base/commandLineOptions";
import { assertNodeIsNewEnough, VERSION } from "../base/version";
import { type Command, type CommandResult, ExitCode } from "./command";
import { COMMANDS } from "./commands";
import { helpOf, unknownCommand } from "./help";
import { printText } from "./terminal/stream";

/** Most words of a command's name. */
const MAX_WORDS = 3;

/**
 * Runs the subcommand that the arguments name. Prints its text to stdout, or its error to stderr. Resolves with the exit code, one of
 * {@link ExitCode} or that of a command in an instance. Never rejects.
 *
 * @param args without the program's own name
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    const result = await runCommand(args);
    const { text, exitCode } = typeof result === "string" ? { text: result, exitCode: ExitCode.success } : result;
    await printText(text);
    return exitCode;
  } catch (error) {
    console.error(formatError(fromFolderError(error)));
    return UnikernelError.has(error, "INPUT_INVALID") ? ExitCode.usage : ExitCode.failure;
  }
}

async function runCommand(args: readonly string[]): Promise<string | CommandResult> {
  assertNodeIsNewEnough(process.versions.node);
  if (args[0] === "--version" || args[0] === "-v") return VERSION;
  const command = findCommand(args);
  const end = args.indexOf("--"); // what follows is for another program
  const own = end < 0 ? args : args.slice(0, end);
  if (args.length === 0 || args[0] === "help" || own.some((arg) => HELP_OPTIONS.includes(arg))) {
    const words = own[0] === "help" ? own.slice(1) : own;
    const topic = command?.name ?? words.filter((word) => !HELP_OPTIONS.includes(word)).join(" ");
    const help = helpOf(topic, COMMANDS);
    if (help === undefined) throw unknownCommand(words, COMMANDS);
    return help;
  }
  if (command === undefined) throw unknownCommand(args, COMMANDS);
  try {
    return await command.run(args.slice(command.name.split(" ").length));
  } catch (error) {
    throw withHelpOf(command, error);
  }
}

const HELP_OPTIONS: readonly string[] = ["--help", "-h"];

/** The command with the longest name that the arguments begin with. */
function findCommand(args: readonly string[]): Command | undefined {
  for (let words = MAX_WORDS; words > 0; words--) {
    const name = args.slice(0, words).join(" ");
    const found = COMMANDS.find((one) => one.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The error, with a hint that leads to the help of this command. */
function withHelpOf({ name }: Command, error: unknown): unknown {
  if (!UnikernelError.has(error, "INPUT_INVALID") || error.hint?.includes(HELP_COMMAND) !== true) return error;
  const hint = error.hint.replace(HELP_COMMAND, `'unikernel help ${name}'`);
  return new UnikernelError(error.code, error.message, { hint, cause: error, details: error.details });
}
