/** Reads what a command is given: a file, or standard input. */
import * as fs from "node:fs/promises";
import { text } from "node:stream/consumers";
import { UnikernelError, fromSystemError, hasErrorCode } from "../../base/errors";

/** A text and where it is from. */
export interface Input {
  readonly text: string;
  /** For messages: the name of the file, or `standard input`. */
  readonly source: string;
}

/**
 * Reads a file, or standard input for `-`. Throws `INPUT_INVALID` for a missing file.
 *
 * @param stdin read for `-`; default this process's own
 */
export async function readInput(file: string, stdin: NodeJS.ReadableStream = process.stdin): Promise<Input> {
  if (file === "-") return { text: await text(stdin), source: "standard input" };
  try {
    return { text: await fs.readFile(file, "utf8"), source: `'${file}'` };
  } catch (error) {
    if (!hasErrorCode(error, "ENOENT", "EISDIR")) throw fromSystemError(error, `reading '${file}'`);
    throw new UnikernelError("INPUT_INVALID", `'${file}' is not a file.`, {
      hint: "Name the file that 'pulumi preview' wrote, or '-' for standard input.",
      cause: error,
    });
  }
}
