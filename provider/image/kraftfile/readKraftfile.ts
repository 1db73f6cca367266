/** Reads the text of a Kraftfile: at once or not at all, never outside of the context, and never more than the size limit. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError, systemErrorCode } from "../../base/errors";
import { describeUnreadable } from "../../base/files";
import { MAX_FILE_BYTES } from "./yaml/limits";

/** Without `O_NONBLOCK`, opening a FIFO waits for a writer. A link was followed, and checked, before. */
const OPEN_FLAGS = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;

/**
 * Text of a Kraftfile in `folder`; a link may lead to another file inside of it. `property` is the input that names the file.
 * Throws `KRAFTFILE_INVALID` for anything but a regular file of at most 1 MiB of UTF-8 text inside of the folder.
 */
export async function readKraftfile(
  folder: string,
  file: string,
  property: "context" | "kraftfile" = "context",
): Promise<string> {
  const fail = (message: string, hint?: string, cause?: unknown): UnikernelError =>
    new UnikernelError("KRAFTFILE_INVALID", message, { property, cause, ...(hint === undefined ? {} : { hint }) });
  const real = await resolveInside(folder, file, fail);
  const bytes = await readRegularFile(file, real, fail);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw fail(`'${file}' cannot be read as UTF-8 text.`, undefined, cause);
  }
}

type Fail = (message: string, hint?: string, cause?: unknown) => UnikernelError;

async function resolveInside(folder: string, file: string, fail: Fail): Promise<string> {
  let real: string;
  let root: string;
  try {
    [root, real] = await Promise.all([fs.realpath(folder), fs.realpath(file)]);
  } catch (cause) {
    const what = await describeUnreadable(file, cause);
    if (what === "does not exist")
      throw fail(`There is no file '${file}'.`, "Correct the path; it is relative to 'context'.", cause);
    const hint = what.includes("symbolic link") ? "Replace the link with the file." : undefined;
    throw fail(`'${file}' ${what}.`, hint, cause);
  }
  const relative = path.relative(root, real);
  if (relative === ".." || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative)) {
    throw fail(`'${file}' is outside the image context.`, "Copy the file into the context, or move 'context' up.");
  }
  return real;
}

async function readRegularFile(file: string, real: string, fail: Fail): Promise<Buffer> {
  let handle: fs.FileHandle;
  try {
    handle = await fs.open(real, OPEN_FLAGS);
  } catch (cause) {
    // A socket cannot be opened, nor can a file that became a link since it was resolved.
    throw fail(`'${file}' cannot be opened as a file (${systemErrorCode(cause)}).`, undefined, cause);
  }
  try {
    const stat = await handle.stat();
    if (stat.isDirectory())
      throw fail(
        `'${file}' is a folder.`,
        "A Kraftfile is a text file; rename the folder, or name the file with 'kraftfile'.",
      );
    if (!stat.isFile()) throw fail(`'${file}' is not a regular file.`, "A Kraftfile is a text file.");
    // One byte more than allowed. The size that stat reports may be out of date.
    const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length > MAX_FILE_BYTES) {
      throw fail(
        `'${file}' is larger than 1 MiB.`,
        "A Kraftfile names files and does not contain them; check that this is the right file.",
      );
    }
    return buffer.subarray(0, length);
  } finally {
    await handle.close();
  }
}
