/** Blobs that may still have to be written: a digest that is known, and a way to get the bytes. */
import * as fs from "node:fs";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { ContentMeter, type Digest, digestOf } from "../../base/digest";
import { UnikernelError, fromSystemError } from "../../base/errors";
import { type LayerRef, layerChunks } from "./layer";

/** Content for a layout. `chunks` is asked only when the layout lacks the blob, and may be asked again. */
export interface BlobSource {
  readonly digest: Digest;
  readonly sizeBytes: number;
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** Bytes in memory; text counts as UTF-8. */
export function blobFromBytes(content: Uint8Array | string): BlobSource {
  const bytes = Buffer.from(content);
  return { digest: digestOf(bytes), sizeBytes: bytes.length, chunks: () => [bytes] };
}

/** A layer tar that exists elsewhere, such as a runtime's kernel in the cache. */
export const blobFromLayer = ({ digest, sizeBytes, blob }: LayerRef): BlobSource => ({
  digest,
  sizeBytes,
  chunks: () => fs.createReadStream(blob, { highWaterMark: 256 * 1024 }),
});

/** A layer tar yet to be made around a file. Reads the file once now, and again when the layout lacks the blob. */
export async function layerBlobFromFile(file: string, entry: string): Promise<BlobSource> {
  const meter = new ContentMeter();
  for await (const _chunk of meter.measure(layerChunks(file, entry)));
  return { digest: meter.digest(), sizeBytes: meter.sizeBytes, chunks: () => layerChunks(file, entry) };
}

/**
 * Writes a blob to `file` and checks it against its digest and size. `flush` makes the bytes durable, since a name
 * that is a digest is believed for ever. Throws `BUILD_FAILED` when the bytes are others, `NO_SPACE` on a full disk.
 */
export async function writeBlob(source: BlobSource, file: string, signal?: AbortSignal): Promise<void> {
  const meter = new ContentMeter();
  const checked = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of meter.measure(source.chunks())) {
      if (meter.sizeBytes > source.sizeBytes) break;
      yield chunk;
    }
  };
  try {
    const target = fs.createWriteStream(file, { flush: true });
    await pipeline(checked, target, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw fromSystemError(
      error,
      `writing ${(source.sizeBytes / 2 ** 20).toFixed(1)} MiB of an image to '${path.dirname(file)}'`,
    );
  }
  if (meter.sizeBytes !== source.sizeBytes || meter.digest() !== source.digest) {
    throw new UnikernelError(
      "BUILD_FAILED",
      `The content of blob ${source.digest} does not match its digest and size.`,
      {
        hint: "If it came from a file, something wrote to that file; if from a registry, the transfer was damaged. Try again.",
      },
    );
  }
}
