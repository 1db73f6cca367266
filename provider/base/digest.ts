/** SHA-256 digests in the notation of OCI. Source: OCI image-spec 1.1, descriptor.md, "Digests". */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import { pipeline } from "node:stream/promises";

/** `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = `sha256:${string}`;

/** True for a well-formed sha256 digest. */
export const isDigest = (text: string): text is Digest => /^sha256:[0-9a-f]{64}$/.test(text);

/** Digest of bytes or of a string in UTF-8. */
export const digestOf = (bytes: Uint8Array | string): Digest => `sha256:${crypto.hash("sha256", bytes, "hex")}`;

/** Digest of a file, read as a stream. */
export async function digestOfFile(file: string): Promise<Digest> {
  const hash = crypto.createHash("sha256");
  await pipeline(fs.createReadStream(file), hash);
  return `sha256:${hash.digest("hex")}`;
}

/** Counts and hashes a stream of bytes. */
export class ContentMeter {
  readonly #hash = crypto.createHash("sha256");
  #sizeBytes = 0;

  /** Number of bytes so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Digest of all bytes. Call it once, at the end. */
  digest(): Digest {
    return `sha256:${this.#hash.digest("hex")}`;
  }

  /** Yields the chunks unchanged. */
  async *measure(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#hash.update(chunk);
      this.#sizeBytes += chunk.length;
      yield chunk;
    }
  }
}
