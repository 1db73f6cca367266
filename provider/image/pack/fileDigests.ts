/** Digests of files, so that an unchanged file is not read again. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type Digest, digestOf, isDigest } from "../../base/digest";
import { UnikernelError } from "../../base/errors";
import { createFolder, writeFileAtomic } from "../../base/files";
import { type FileContent, sizeOf } from "../rootfs/tree";
import { ContentReader } from "./contentReader";
import { TimeSlice } from "./timeSlice";

/**
 * A file that was written this short a time before it was hashed may be written again without a change of its times: the clock of a
 * file system has steps of up to two seconds (FAT). Its digest is not kept. Git calls such files racily clean.
 */
const RACY_MS = 2_000;
/** First word of a saved file; incremented when its format changes. */
const MAGIC = "file-digests-1";
const BUFFER_BYTES = 2 ** 18;

/** Digests by inode, size and times (like git's index), and of this operation's files by their content object. */
export class FileDigests {
  readonly #saved: Map<string, Digest>;
  readonly #used = new Map<string, Digest>();
  readonly #computed = new WeakMap<FileContent, Digest>();
  readonly #private = new WeakSet<FileContent>();

  constructor(saved: ReadonlyMap<string, Digest> = new Map()) {
    this.#saved = new Map(saved);
  }

  /** Never saves the digest of this content, which may be secret. */
  keepPrivate(content: FileContent): void {
    this.#private.add(content);
  }

  /** The digest of a content, if it is known. */
  get(content: FileContent): Digest | undefined {
    const computed = this.#computed.get(content);
    if (computed !== undefined) return computed;
    const key = this.#keyOf(content);
    const saved = key === undefined ? undefined : this.#saved.get(key);
    if (saved !== undefined && key !== undefined) this.#used.set(key, saved);
    return saved;
  }

  /** True when a content that is read anyway should be hashed: its digest is unknown, or may be outdated. */
  needs(content: FileContent): boolean {
    if (this.#private.has(content)) return true;
    const key = this.#keyOf(content);
    return key !== undefined && !this.#saved.has(key) && !this.#used.has(key);
  }

  /** Records what was read. Throws `CONTEXT_INVALID` when it is not what was read before. */
  record(name: string, content: FileContent, digest: Digest): void {
    const before = this.#computed.get(content);
    if (before !== undefined && before !== digest) {
      const property = "bytes" in content ? undefined : fileOf(content).property;
      throw new UnikernelError("CONTEXT_INVALID", `'/${name}' was written to while the image was being built.`, {
        property: property ?? "context",
        hint: `Retry when nothing writes to ${property === undefined ? "the image context" : "that file"}.`,
      });
    }
    this.#computed.set(content, digest);
    const key = this.#keyOf(content);
    if (key !== undefined && !isRacy(content)) this.#used.set(key, digest);
  }

  /** Loads what {@link save} wrote; empty when there is nothing or the file is damaged. */
  static async load(file: string): Promise<FileDigests> {
    const text = await fs.readFile(file, "latin1").catch(() => "");
    const end = text.indexOf("\n");
    const body = text.slice(end + 1);
    if (text.slice(0, Math.max(end, 0)) !== `${MAGIC} ${checksum(body)}`) return new FileDigests();
    const saved = new Map<string, Digest>();
    for (const line of body.split("\n")) {
      const separator = line.indexOf(" ");
      const digest = `sha256:${line.slice(separator + 1)}`;
      if (separator > 0 && isDigest(digest)) saved.set(line.slice(0, separator), digest);
    }
    return new FileDigests(saved);
  }

  /**
   * Saves the digests that were used or recorded, atomically. Returns false if they are what was loaded, so that nothing was written.
   * Throws file system errors.
   */
  async save(file: string): Promise<boolean> {
    const isUnchanged =
      this.#used.size === this.#saved.size && [...this.#used].every(([key, digest]) => this.#saved.get(key) === digest);
    if (isUnchanged) return false;
    const body = [...this.#used].map(([key, digest]) => `${key} ${digest.slice("sha256:".length)}\n`).join("");
    await createFolder(path.dirname(file));
    await writeFileAtomic(file, `${MAGIC} ${checksum(body)}\n${body}`, 0o600);
    return true;
  }

  #keyOf(content: FileContent): string | undefined {
    return this.#private.has(content) ? undefined : keyOf(content);
  }
}

const checksum = (body: string): string => crypto.createHash("sha256").update(body, "latin1").digest("hex");

/** The file on disk that holds a content; `undefined` for bytes in memory. */
const fileOf = (content: Exclude<FileContent, { bytes: Uint8Array }>) =>
  "archive" in content ? content.archive : content;

function keyOf(content: FileContent): string | undefined {
  if ("bytes" in content) return undefined;
  const { identity, sizeBytes } = fileOf(content);
  const key = `${identity.dev}:${identity.ino}:${sizeBytes}:${identity.mtimeMs}:${identity.ctimeMs}`;
  if (!("archive" in content)) return key;
  return `${key}:${content.ranges.map(({ offset, sizeBytes: bytes }) => `${offset ?? "hole"}+${bytes}`).join(",")}`;
}

function isRacy(content: FileContent): boolean {
  if ("bytes" in content) return false;
  const { mtimeMs, ctimeMs } = fileOf(content).identity;
  return Math.max(mtimeMs, ctimeMs) > Date.now() - RACY_MS;
}

/**
 * The digest of every content, in order. Reads only contents whose digest is not known, and records those.
 *
 * Throws `CONTEXT_INVALID` when a file changed since it was listed or cannot be read; an aborted `signal` rejects with its reason.
 */
export async function digestContents(
  files: Iterable<{ readonly name: string; readonly content: FileContent }>,
  digests: FileDigests,
  signal?: AbortSignal,
): Promise<Digest[]> {
  using reader = new ContentReader();
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  const slice = new TimeSlice(signal);
  const all: Digest[] = [];
  for (const { name, content } of files) {
    let digest = "bytes" in content ? digestOf(content.bytes) : digests.get(content);
    if (digest === undefined) {
      digest = await digestContent(reader, name, content, buffer, slice);
      digests.record(name, content, digest);
    }
    all.push(digest);
    if (slice.isOver) await slice.next();
  }
  return all;
}

async function digestContent(
  reader: ContentReader,
  name: string,
  content: FileContent,
  buffer: Buffer,
  slice: TimeSlice,
): Promise<Digest> {
  const hash = crypto.createHash("sha256");
  const opened = reader.open(name, content);
  try {
    for (let left = sizeOf(content); left > 0;) {
      const length = Math.min(left, buffer.length);
      opened.read(buffer, 0, length);
      hash.update(length === buffer.length ? buffer : buffer.subarray(0, length));
      left -= length;
      if (slice.isOver) await slice.next();
    }
    opened.assertUnchanged();
    return `sha256:${hash.digest("hex")}`;
  } finally {
    opened.close();
  }
}
