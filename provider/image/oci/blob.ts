/** Blobs to store: a known digest, and a way to read the bytes when the layout lacks them. */
import * as fs from "node:fs";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { ContentMeter, type Digest, digestOf } from "../../base/digest";
import { UnikernelError, fromSystemError } from "../../base/errors";
import { type LayerRef, layerChunks } from "./layer";

/** Content for a layout. `chunks` is called only when the layout lacks the blob, possibly more than once. */
export interface BlobSource {
  readonly digest: Digest;
  readonly sizeBytes: number;
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** A blob of bytes in memory; text is encoded as UTF-8. */
export function blobFromBytes(content: Uint8Array | string): BlobSource {
  const bytes = Buffer.from(content);
  return { digest: digestOf(bytes), sizeBytes: bytes.length, chunks: () => [bytes] };
}

/** A blob of a layer tar that already exists on disk, such as a runtime's kernel in the cache. */
export const blobFromLayer = ({ digest, sizeBytes, blob }: LayerRef): BlobSource => ({
  digest,
  sizeBytes,
  chunks: () => fs.createReadStream(blob, { highWaterMark: 256 * 1024 }),
});

/** A blob of a layer tar around a file. Reads the file once for the digest, and again when the layout lacks the blob. */
export async function layerBlobFromFile(file: string, entry: string): Promise<BlobSource> {
  const meter = new ContentMeter();
  for await (const _chunk of meter.measure(layerChunks(file, entry)));
  return { digest: meter.digest(), sizeBytes: meter.sizeBytes, chunks: () => layerChunks(file, entry) };
}

/** The bytes of a blob. Throws `BUILD_FAILED` instead of ending when they do not match its digest and size. */
export async function* checkedChunks(source: BlobSource): AsyncGenerator<Uint8Array> {
  const meter = new ContentMeter();
  for await (const chunk of meter.measure(source.chunks())) {
    if (meter.sizeBytes > source.sizeBytes) break;
    yield chunk;
  }
  if (meter.sizeBytes === source.sizeBytes && meter.digest() === source.digest) return;
  throw new UnikernelError("BUILD_FAILED", `The content of blob ${source.digest} does not match its digest and size.`, {
    hint: "Retry: the file changed while it was read, or the image store is damaged.",
  });
}

/**
 * Writes a blob to `file` and checks it against its digest and size. `flush` makes the bytes durable, since a blob is
 * never checked against its name again. Throws `BUILD_FAILED` on a mismatch, `NO_SPACE` on a full disk.
 */
export async function writeBlob(source: BlobSource, file: string, signal?: AbortSignal): Promise<void> {
  try {
    const target = fs.createWriteStream(file, { flush: true });
    await pipeline(checkedChunks(source), target, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw fromSystemError(
      error,
      `writing ${(source.sizeBytes / 2 ** 20).toFixed(1)} MiB of an image to '${path.dirname(file)}'`,
    );
  }
}
