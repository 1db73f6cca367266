/** Output that goes on until the user ends it: Ctrl-C, and pipes whose reader has gone. */
import { once } from "node:events";

/** Writes to stdout and waits while its reader is slower. */
export async function writeOutput(data: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(data)) await once(process.stdout, "drain");
}

/** Prints the text of a command with a newline; nothing if it is empty. */
export async function printText(text: string): Promise<void> {
  if (text !== "") await writeOutput(`${text}\n`);
}

/** Ends the program quietly once nobody reads its output any more, as `| head` does. */
export function exitOnClosedPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
}

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
