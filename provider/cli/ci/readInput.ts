/** Reads what a command is given: a file, or standard input. */
import * as fs from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { UnikernelError, fromSystemError, hasErrorCode } from "../../base/errors";

/** A text and where it is from. */
export interface Input {
  readonly text: string;
  /** For messages: the name of the file, or `Standard input`. */
  readonly source: string;
}

/** The text without its byte order mark. The `>` of Windows PowerShell writes UTF-16, with one. */
const decode = (bytes: Uint8Array): string =>
  new TextDecoder(bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-8").decode(bytes);

/**
 * Reads a file, or standard input for `-`. Throws `INPUT_INVALID` for a missing file, and for a terminal, where nobody types a preview.
 *
 * @param options.writer the command whose output is read, for hints
 * @param options.stdin read for `-`; default this process's own
 */
export async function readInput(
  file: string,
  {
    writer = "pulumi preview --json",
    stdin = process.stdin,
  }: { readonly writer?: string; readonly stdin?: NodeJS.ReadableStream & { readonly isTTY?: boolean } } = {},
): Promise<Input> {
  if (file === "-" && stdin.isTTY === true) {
    throw new UnikernelError("INPUT_INVALID", "Standard input is a terminal, and no file was named.", {
      hint: `Name the file that '${writer}' wrote, or pipe its output into this command.`,
    });
  }
  if (file === "-") return { text: decode(await buffer(stdin)), source: "Standard input" };
  try {
    return { text: decode(await fs.readFile(file)), source: `'${file}'` };
  } catch (error) {
    if (!hasErrorCode(error, "ENOENT", "EISDIR")) throw fromSystemError(error, `reading '${file}'`);
    throw new UnikernelError("INPUT_INVALID", `'${file}' is not a file.`, {
      hint: `Name the file that '${writer}' wrote, or '-' for standard input.`,
      cause: error,
    });
  }
}
