/** Unpacks a compressed archive to a temporary file, within limits. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as crypto from "node:crypto";
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { UnikernelError, errorMessage, fromSystemError, systemErrorCode } from "../../base/errors";
import { ContentReader, describeFile } from "../pack/contentReader";
import type { DiskFile } from "../rootfs/tree";

/** Limits for compressed archives, which may be much smaller than what they contain. */
export interface ArchiveLimits {
  /** Most bytes after decompression. */
  readonly maxBytes: number;
  /** Most bytes per compressed byte, checked once there are more than 256 MiB. */
  readonly maxRatio: number;
}

/** Real root file systems compress 2 to 10 times; gzip reaches 1032 at most. */
export const DEFAULT_LIMITS: ArchiveLimits = { maxBytes: 16 * 2 ** 30, maxRatio: 200 };
/** No ratio is checked up to this size. */
const UNCHECKED_BYTES = 256 * 2 ** 20;
const CHUNK_BYTES = 2 ** 18;
const read = promisify(fs.read);

const MAGIC = { gzip: [0x1f, 0x8b, 0x08], zstd: [0x28, 0xb5, 0x2f, 0xfd] } as const;

/** How an archive with these first bytes is compressed; `undefined` for not at all, as far as can be told. */
export function detectCompression(head: Uint8Array): keyof typeof MAGIC | undefined {
  const names = Object.keys(MAGIC) as (keyof typeof MAGIC)[]; // the keys of a constant
  return names.find((name) => MAGIC[name].every((byte, index) => head[index] === byte));
}

/**
 * The archive itself if it is not compressed, else a decompressed copy in the folder `scratch`, which the caller removes.
 *
 * Throws `CONTEXT_INVALID` when the archive is damaged, truncated or exceeds the limits, `NO_SPACE` when the disk is full; an aborted
 * `signal` rejects with its reason.
 */
export async function decompress(
  file: DiskFile,
  label: string,
  options: { readonly scratch: string; readonly limits?: ArchiveLimits; readonly signal?: AbortSignal | undefined },
): Promise<DiskFile> {
  const { scratch, limits = DEFAULT_LIMITS, signal } = options;
  using reader = new ContentReader();
  const fd = reader.openArchive(label, file);
  const head = Buffer.alloc(4);
  fs.readSync(fd, head, 0, head.length, 0);
  const compression = detectCompression(head);
  if (compression === undefined) return file;
  const target = path.join(scratch, `${crypto.randomUUID()}.tar`);
  try {
    await pipeline(
      readChunks(fd, file.sizeBytes),
      createDecompressor(compression, label),
      (chunks: AsyncIterable<Buffer>) => withinLimits(chunks, file.sizeBytes, label, limits),
      fs.createWriteStream(target),
      signal === undefined ? {} : { signal },
    );
  } catch (error) {
    await fs.promises.rm(target, { force: true });
    if (signal?.aborted === true) throw signal.reason;
    if (/^(?:Z_|ERR__?Z|ZSTD)/.test(systemErrorCode(error) ?? ""))
      throw contextError(label, `its ${compression} data is damaged or truncated (${errorMessage(error)})`, error);
    throw fromSystemError(error, `decompressing '${label}'`);
  }
  return describeFile(target);
}

/** The whole file. A stream of Node would close the descriptor, which belongs to the reader. */
async function* readChunks(fd: number, sizeBytes: number): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < sizeBytes;) {
    const { buffer, bytesRead } = await read(fd, Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, offset);
    if (bytesRead === 0) return;
    offset += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

const contextError = (label: string, what: string, cause?: unknown): UnikernelError =>
  new UnikernelError("CONTEXT_INVALID", `'${label}' cannot be used: ${what}.`, {
    property: "context",
    ...(cause === undefined ? {} : { cause }),
  });

function createDecompressor(compression: keyof typeof MAGIC, label: string): Transform {
  if (compression === "gzip") return zlib.createGunzip({ chunkSize: CHUNK_BYTES });
  // Since Node 22.15; the types of this project are newer than the oldest Node it supports.
  const create = (zlib as { createZstdDecompress?: typeof zlib.createZstdDecompress }).createZstdDecompress;
  if (create === undefined) throw contextError(label, "it is compressed with zstd, which needs Node 22.15 or newer");
  return create({ chunkSize: CHUNK_BYTES });
}

async function* withinLimits(
  chunks: AsyncIterable<Buffer>,
  compressedBytes: number,
  label: string,
  { maxBytes, maxRatio }: ArchiveLimits,
): AsyncGenerator<Buffer> {
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw contextError(label, `it has more than ${maxBytes} bytes after decompression`);
    if (sizeBytes > UNCHECKED_BYTES && sizeBytes > compressedBytes * maxRatio)
      throw contextError(
        label,
        `it decompresses to more than ${maxRatio} times its size, as only a decompression bomb does`,
      );
    yield chunk;
  }
}
