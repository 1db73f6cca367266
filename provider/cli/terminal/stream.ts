/** Output that goes on until the user ends it: Ctrl-C, and output that cannot be written any more. */
import { once } from "node:events";
import { UnikernelError, formatError, hasErrorCode } from "../../base/errors";
import { ExitCode } from "../command";

/** Writes to stdout and waits while its reader is slower. */
export async function writeOutput(data: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(data)) await once(process.stdout, "drain");
}

/** Prints the text of a command with a newline; nothing if it is empty. */
export async function printText(text: string): Promise<void> {
  if (text !== "") await writeOutput(`${text}\n`);
}

/**
 * Ends the program once its output cannot be written: quietly if nobody reads it any more, as `| head` does, otherwise with an error, such
 * as that of a full disk.
 */
export function exitOnFailedOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(ExitCode.success);
    console.error(formatError(outputError(error)));
    process.exit(ExitCode.failure);
  });
}

const outputError = (error: NodeJS.ErrnoException): UnikernelError =>
  hasErrorCode(error, "ENOSPC", "EDQUOT")
    ? new UnikernelError("NO_SPACE", "No space left on the disk while writing the output, which is incomplete.", {
        hint: "Free some space, or write it to another disk.",
        cause: error,
      })
    : new UnikernelError("OPERATION_FAILED", `The output could not be written: ${error.message}.`, {
        hint: "Check where standard output leads to.",
        cause: error,
      });

/** Runs `act` with a signal that aborts on Ctrl-C (SIGINT) and SIGTERM, which meanwhile do not end the program by themselves. */
export async function withInterruptSignal<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupted = new AbortController();
  const abort = (): void => interrupted.abort();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, abort);
  try {
    return await act(interrupted.signal);
  } finally {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, abort);
  }
}
