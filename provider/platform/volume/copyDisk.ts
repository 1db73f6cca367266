/** Copies of disks: as sparse as what they were made from. */
import * as fs from "node:fs/promises";
import { fromSystemError } from "../../base/errors";
import { findTool } from "../../base/exec";
import { checkFileSystem, run } from "./e2fsprogs";
import { makeDurable, MIB, refuseWithoutSpace } from "./space";

/** Read at a time. */
const CHUNK_BYTES = MIB;
/** Written or left out as a whole: the smallest hole that is worth finding. */
const PIECE_BYTES = 64 * 1024;
const ZEROES = Buffer.alloc(PIECE_BYTES);

/**
 * Copies a disk that nobody writes to, and gives the copy's file system a UUID of its own. Leaves nothing behind on
 * failure. Throws `NO_SPACE`, `OPERATION_FAILED`; the signal's reason when it aborts.
 */
export async function copyDisk(source: string, target: string, signal: AbortSignal): Promise<void> {
  try {
    await refuseWithoutSpace(target, Math.ceil((await fs.stat(source)).size / MIB));
    await copyBytes(source, target, signal);
    await checkFileSystem(target); // a copy of one that was not unmounted is brought in order; tune2fs needs that
    const tune2fs = findTool("tune2fs");
    if (tune2fs !== undefined) await run(tune2fs, ["-f", "-U", "random", target], "Naming a file system anew");
    await makeDurable(target);
  } catch (error) {
    await fs.rm(target, { force: true });
    throw signal.aborted ? error : fromSystemError(error, "copying a volume's disk");
  }
}

async function copyBytes(source: string, target: string, signal: AbortSignal): Promise<void> {
  // A file system that can share blocks copies any size at once; the plain copy of copyFile would fill the holes.
  const shared = await fs
    .copyFile(source, target, fs.constants.COPYFILE_FICLONE_FORCE | fs.constants.COPYFILE_EXCL)
    .then(
      () => true,
      () => false,
    );
  if (shared) return;
  const from = await fs.open(source, "r");
  try {
    const to = await fs.open(target, "w", 0o600);
    try {
      await to.truncate((await from.stat()).size);
      await copyPieces(from, to, signal);
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

async function copyPieces(from: fs.FileHandle, to: fs.FileHandle, signal: AbortSignal): Promise<void> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let at = 0; ;) {
    signal.throwIfAborted();
    const { bytesRead } = await from.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) return;
    for (let offset = 0; offset < bytesRead; offset += PIECE_BYTES) {
      const piece = chunk.subarray(offset, Math.min(offset + PIECE_BYTES, bytesRead));
      if (!piece.equals(ZEROES.subarray(0, piece.length))) await writeAll(to, piece, at + offset);
    }
    at += bytesRead;
  }
}

async function writeAll(to: fs.FileHandle, piece: Buffer, at: number): Promise<void> {
  for (let done = 0; done < piece.length;) {
    const { bytesWritten } = await to.write(piece, done, piece.length - done, at + done);
    done += bytesWritten;
  }
}
