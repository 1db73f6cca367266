/** Computes the checksums that a bill of materials has of each file. */
import * as crypto from "node:crypto";
import { ContentReader } from "../pack/contentReader";
import { TimeSlice } from "../pack/timeSlice";
import { type FileTree, sizeOf } from "../rootfs/tree";
import type { SbomFile } from "./sbom";

const BUFFER_BYTES = 2 ** 18;

/**
 * The regular files of a tree with their SHA-256 and SHA-1, in its order. Each is read once. Throws `CONTEXT_INVALID` when a file
 * changed since it was listed or cannot be read; an aborted `signal` rejects with its reason.
 */
export async function checksumFiles(tree: FileTree, signal: AbortSignal | undefined): Promise<SbomFile[]> {
  using reader = new ContentReader();
  const slice = new TimeSlice(signal);
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  const files: SbomFile[] = [];
  for (const [name, entry] of tree) {
    if (entry.type !== "file") continue;
    const [sha256, sha1] = [crypto.createHash("sha256"), crypto.createHash("sha1")];
    const opened = reader.open(name, entry.content);
    try {
      for (let left = sizeOf(entry.content); left > 0;) {
        const part = buffer.subarray(0, Math.min(left, buffer.length));
        opened.read(part, 0, part.length);
        sha256.update(part);
        sha1.update(part);
        left -= part.length;
        if (slice.isOver) await slice.next();
      }
      opened.assertUnchanged();
    } finally {
      opened.close();
    }
    files.push({ path: `/${name}`, digest: `sha256:${sha256.digest("hex")}`, sha1: sha1.digest("hex") });
  }
  return files;
}
