/** Files that tell whether they are damaged: the name of their format and a checksum of the content come first. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { createFolder, writeFileAtomic } from "./files";

const headOf = (format: string, content: Uint8Array): string => `${format} ${crypto.hash("sha256", content, "hex")}\n`;

/**
 * The content; `undefined` if there is no such file, it cannot be read, it has another format, or it is damaged.
 *
 * @param format as of {@link writeChecksummedFile}
 */
export async function readChecksummedFile(file: string, format: string): Promise<Buffer | undefined> {
  const bytes = await fs.readFile(file).catch(() => Buffer.alloc(0));
  const headBytes = headOf(format, new Uint8Array()).length;
  const content = bytes.subarray(headBytes);
  return bytes.toString("latin1", 0, headBytes) === headOf(format, content) ? content : undefined;
}

/**
 * Writes a file, atomically, which only this user can read, and its folder if that is missing. Throws file system errors.
 *
 * @param format name of the format, without blanks; another one whenever the format changes
 */
export async function writeChecksummedFile(file: string, format: string, content: Uint8Array): Promise<void> {
  await createFolder(path.dirname(file));
  await writeFileAtomic(file, Buffer.concat([Buffer.from(headOf(format, content)), content]), 0o600);
}
