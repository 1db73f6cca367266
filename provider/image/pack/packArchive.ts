/** Streams an archive to a file or into a hash. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import { dirname } from "node:path";
import type { Digest } from "../../base/digest";
import { UnikernelError, fromSystemError } from "../../base/errors";
import { type FileContent, sizeOf } from "../rootfs/tree";
import type { ArchivePlan } from "./archivePlan";
import { ContentReader } from "./contentReader";
import type { FileDigests } from "./fileDigests";
import { Output } from "./output";
import { TimeSlice } from "./timeSlice";

/** Where the bytes go: a new file, or nowhere, for the digest alone. */
export type PackSink = { readonly file: string } | "digest";

/** An archive that was packed. */
export interface PackedArchive {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** How to pack. */
export interface PackOptions {
  readonly signal?: AbortSignal | undefined;
  /** Collects the digests of files, computed from the bytes that are packed; `undefined` for none. */
  readonly digests?: FileDigests | undefined;
}

/**
 * Writes the parts in order and hashes them. Memory does not depend on the size of the archive: two buffers of 1 MiB.
 *
 * Throws `CONTEXT_INVALID` when a file changed since it was listed, `NO_SPACE` when the disk is full; an aborted `signal` rejects with
 * its reason. A failure leaves a partial file behind.
 */
export async function packArchive(
  plan: ArchivePlan,
  sink: PackSink,
  options: PackOptions = {},
): Promise<PackedArchive> {
  options.signal?.throwIfAborted();
  const attempted = sink === "digest" ? "packing an image" : `packing an image into '${dirname(sink.file)}'`;
  let fd: number | undefined;
  try {
    fd = sink === "digest" ? undefined : fs.openSync(sink.file, "w");
    const output = new Output(fd);
    try {
      await writeParts(plan, output, options);
      const digest = await output.end();
      if (output.sizeBytes !== plan.sizeBytes)
        throw new UnikernelError("BUG", `An archive has ${output.sizeBytes} bytes instead of ${plan.sizeBytes}.`);
      return { digest, sizeBytes: output.sizeBytes };
    } finally {
      await output.settle();
    }
  } catch (error) {
    throw fromSystemError(error, attempted);
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

async function writeParts(plan: ArchivePlan, output: Output, { signal, digests }: PackOptions): Promise<void> {
  using reader = new ContentReader();
  const slice = new TimeSlice(signal);
  for (const part of plan.parts()) {
    if (typeof part === "number") await writeZeros(output, part);
    else if (part instanceof Uint8Array) await writeContent(output, reader, "", { bytes: part });
    else await writeContent(output, reader, part.name, part.content, digests, signal);
    if (slice.isOver) await slice.next();
  }
}

async function writeZeros(output: Output, count: number): Promise<void> {
  for (let left = count; left > 0;) {
    const length = Math.min(left, output.free);
    output.append(length, (target, offset) => target.fill(0, offset, offset + length));
    left -= length;
    await output.flushIfFull();
  }
}

async function writeContent(
  output: Output,
  reader: ContentReader,
  name: string,
  content: FileContent,
  digests?: FileDigests,
  signal?: AbortSignal,
): Promise<void> {
  const hash = digests?.needs(content) === true ? crypto.createHash("sha256") : undefined;
  const opened = reader.open(name, content);
  try {
    for (let left = sizeOf(content); left > 0;) {
      const length = Math.min(left, output.free);
      const bytes = output.append(length, (target, offset) => opened.read(target, offset, length));
      hash?.update(bytes);
      left -= length;
      if (output.free > 0) continue;
      await output.flushIfFull();
      signal?.throwIfAborted();
    }
    opened.assertUnchanged();
    if (hash !== undefined) digests?.record(name, content, `sha256:${hash.digest("hex")}`);
  } finally {
    opened.close();
  }
}
