/** Runs the compiled `unikernel` command as a user does. */
import { execFile } from "node:child_process";
import * as path from "node:path";

/** The compiled `unikernel` command. */
export const COMMAND_PROGRAM = path.join(__dirname, "..", "..", "dist", "provider", "cli", "main.js");

/** Arguments of Node that run the command with `args`. */
export const commandArguments = (...args: readonly string[]): string[] => [
  "--disable-warning=ExperimentalWarning",
  COMMAND_PROGRAM,
  ...args,
];

/** How a run of the command ended. */
export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command to its end; `input` is what it reads from stdin. */
export function unikernel(args: readonly string[], { input = "" }: { readonly input?: string } = {}) {
  return new Promise<CommandOutcome>((resolve) => {
    const child = execFile(process.execPath, commandArguments(...args), (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}
