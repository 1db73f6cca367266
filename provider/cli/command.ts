/** What a subcommand of `unikernel` is. */

/** What a command has to say, and how the program exits. */
export interface CommandResult {
  /** Printed to stdout with a newline; nothing is printed if it is empty. */
  readonly text: string;
  /** One of {@link ExitCode}. */
  readonly exitCode: number;
}

/** Exit codes of the program. Source of 130: shells, for a program that Ctrl-C ended (128 + SIGINT). */
export const ExitCode = { success: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** A subcommand; the help text is made of these. */
export interface Command {
  /** The words that select it, such as `local ps`. */
  readonly name: string;
  /** What follows the name, such as `<instance>…`. `undefined`: only options. */
  readonly operands?: string;
  /** One line of help, without a full stop. */
  readonly summary: string;
  /** Option and its line of help, in the order of the help. */
  readonly options?: readonly (readonly [option: string, summary: string])[];
  /**
   * Runs it with the arguments after its name. A text exits with 0; a command that streams writes to stdout itself.
   *
   * Throws `INPUT_INVALID` for invalid arguments.
   */
  readonly run: (args: readonly string[]) => Promise<string | CommandResult>;
}
