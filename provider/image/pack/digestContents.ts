/** Computes the digests of contents. */
import * as crypto from "node:crypto";
import { type Digest, digestOf } from "../../base/digest";
import { type FileContent, sizeOf } from "../rootfs/tree";
import { ContentReader } from "./contentReader";
import type { FileDigests } from "./fileDigests";
import { TimeSlice } from "./timeSlice";

const BUFFER_BYTES = 2 ** 18;

/** Computes digests one after the other, and records them. */
export class ContentHasher implements Disposable {
  readonly #reader = new ContentReader();
  readonly #digests: FileDigests;
  readonly #slice: TimeSlice;
  #buffer: Buffer | undefined;

  constructor(digests: FileDigests, signal: AbortSignal | undefined) {
    this.#digests = digests;
    this.#slice = new TimeSlice(signal);
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }

  /** The digest of a content that need not be read. */
  known(content: FileContent): Digest | undefined {
    return "bytes" in content ? digestOf(content.bytes) : this.#digests.get(content);
  }

  /**
   * Reads a content. Throws `CONTEXT_INVALID` when the file changed since it was listed or cannot be read; an aborted `signal` rejects
   * with its reason.
   */
  async read(name: string, content: FileContent): Promise<Digest> {
    const buffer = (this.#buffer ??= Buffer.allocUnsafeSlow(BUFFER_BYTES));
    const sizeBytes = sizeOf(content);
    let digest: Digest;
    if (sizeBytes <= BUFFER_BYTES) {
      this.#reader.readWhole(name, content, buffer, 0);
      digest = digestOf(buffer.subarray(0, sizeBytes));
    } else digest = await this.#readLarge(name, content, buffer);
    this.#digests.record(name, content, digest);
    if (this.#slice.isOver) await this.#slice.next();
    return digest;
  }

  async #readLarge(name: string, content: FileContent, buffer: Buffer): Promise<Digest> {
    const hash = crypto.createHash("sha256");
    const opened = this.#reader.open(name, content);
    try {
      for (let left = sizeOf(content); left > 0;) {
        const length = Math.min(left, buffer.length);
        opened.read(buffer, 0, length);
        hash.update(length === buffer.length ? buffer : buffer.subarray(0, length));
        left -= length;
        if (this.#slice.isOver) await this.#slice.next();
      }
      opened.assertUnchanged();
      return `sha256:${hash.digest("hex")}`;
    } finally {
      opened.close();
    }
  }
}

/**
 * The digest of every content, in order. Reads only contents whose digest is not known, and records those. Throws as
 * {@link ContentHasher.read}.
 */
export async function digestContents(
  files: Iterable<{ readonly name: string; readonly content: FileContent }>,
  digests: FileDigests,
  signal?: AbortSignal,
): Promise<Digest[]> {
  using hasher = new ContentHasher(digests, signal);
  const all: Digest[] = [];
  for (const { name, content } of files) all.push(hasher.known(content) ?? (await hasher.read(name, content)));
  return all;
}
