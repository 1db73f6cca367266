/** Streams an archive to a file or into a hash. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import { dirname } from "node:path";
import { type Digest, digestOf } from "../../base/digest";
import { UnikernelError, fromSystemError } from "../../base/errors";
import { sizeOf } from "../rootfs/tree";
import type { ArchivePart, ArchivePlan } from "./archivePlan";
import { ContentReader, type OpenedContent } from "./contentReader";
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
    if (!tryWriteSmall(part, output, reader, digests)) await writeLarge(part, output, { reader, digests, slice });
    if (slice.isOver) await slice.next();
  }
}

/**
 * Writes a part that leaves space in the output's buffer: a header, some padding, or a small file, as most are. False, and nothing is
 * written, for a larger one.
 */
function tryWriteSmall(
  part: ArchivePart,
  output: Output,
  reader: ContentReader,
  digests: FileDigests | undefined,
): boolean {
  if (typeof part === "number") return output.tryPutZeros(part);
  if (part instanceof Uint8Array) return output.tryPut(part);
  const { name, content } = part;
  const length = sizeOf(content);
  if (length >= output.free) return false;
  const bytes = output.append(length, (target, offset) => reader.readWhole(name, content, target, offset));
  if (digests?.needs(content) === true) digests.record(name, content, digestOf(bytes));
  return true;
}

async function writeLarge(
  part: ArchivePart,
  output: Output,
  { reader, digests, slice }: { reader: ContentReader; digests: FileDigests | undefined; slice: TimeSlice },
): Promise<void> {
  const writer = new PartWriter(part, reader, digests);
  try {
    while (!writer.writeInto(output)) {
      await output.flushIfFull();
      if (slice.isOver) await slice.next();
    }
    writer.finish();
  } finally {
    writer.close();
  }
}

/** Writes one part, as much at a time as the output has room for. */
class PartWriter {
  readonly #part: ArchivePart;
  readonly #opened: OpenedContent | undefined;
  readonly #hash: crypto.Hash | undefined;
  readonly #digests: FileDigests | undefined;
  readonly #sizeBytes: number;
  #written = 0;

  /** Throws `CONTEXT_INVALID` when a file is not the listed one any more. */
  constructor(part: ArchivePart, reader: ContentReader, digests: FileDigests | undefined) {
    this.#part = part;
    if (typeof part === "number") this.#sizeBytes = part;
    else if (part instanceof Uint8Array) this.#sizeBytes = part.length;
    else {
      this.#sizeBytes = sizeOf(part.content);
      this.#opened = reader.open(part.name, part.content);
      if (digests?.needs(part.content) !== true) return;
      this.#digests = digests;
      this.#hash = crypto.createHash("sha256");
    }
  }

  /** Fills the free space. True when the part is complete and there is space left, so that the next part can follow. */
  writeInto(output: Output): boolean {
    const length = Math.min(this.#sizeBytes - this.#written, output.free);
    const bytes = output.append(length, (target, offset) => this.#fill(target, offset, length));
    this.#hash?.update(bytes);
    this.#written += length;
    return this.#written === this.#sizeBytes && output.free > 0;
  }

  /** Throws `CONTEXT_INVALID` when the file changed while it was read. */
  finish(): void {
    this.#opened?.assertUnchanged();
    if (this.#hash === undefined || typeof this.#part === "number" || this.#part instanceof Uint8Array) return;
    this.#digests?.record(this.#part.name, this.#part.content, `sha256:${this.#hash.digest("hex")}`);
  }

  close(): void {
    this.#opened?.close();
  }

  #fill(target: Buffer, offset: number, length: number): void {
    if (this.#opened !== undefined) this.#opened.read(target, offset, length);
    else if (this.#part instanceof Uint8Array)
      target.set(this.#part.subarray(this.#written, this.#written + length), offset);
    else target.fill(0, offset, offset + length);
  }
}
