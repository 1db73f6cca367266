/** Digests of files, so that an unchanged file is not read again. */
import { readChecksummedFile, writeChecksummedFile } from "../../base/checksummedFile";
import { type Digest, isDigest } from "../../base/digest";
import { UnikernelError } from "../../base/errors";
import { type ArchivedFile, type DiskFile, type FileContent, isRacy } from "../rootfs/tree";
import { DigestTable } from "./digestTable";

/** Format of a saved file; incremented when it changes. */
const FORMAT = "file-digests-2";

/** Digests by inode, size and times (like git's index), and of this operation's files by their content object. */
export class FileDigests {
  readonly #saved: DigestTable;
  readonly #savedArchived: ReadonlyMap<string, Digest>;
  readonly #usedArchived = new Map<string, Digest>();
  readonly #recorded = new Map<string, readonly [DiskFile, Digest]>();
  readonly #computed = new WeakMap<FileContent, Digest>();
  readonly #private = new WeakSet<FileContent>();

  /** @param archived digests of files in archives, by archive and place */
  constructor(files = new DigestTable(), archived: ReadonlyMap<string, Digest> = new Map()) {
    this.#saved = files;
    this.#savedArchived = archived;
  }

  /** Never saves the digest of this content, which may be secret. */
  keepPrivate(content: FileContent): void {
    this.#private.add(content);
  }

  /** The digest of a content, if it is known. */
  get(content: FileContent): Digest | undefined {
    const computed = this.#computed.get(content);
    if (computed !== undefined || "bytes" in content || this.#private.has(content)) return computed;
    if (!("archive" in content)) return this.#saved.use(content);
    const key = archivedKey(content);
    const saved = this.#savedArchived.get(key);
    if (saved !== undefined) this.#usedArchived.set(key, saved);
    return saved;
  }

  /** True when a content that is read anyway should be hashed: its digest is unknown, or may be outdated. */
  needs(content: FileContent): boolean {
    if (this.#private.has(content)) return true;
    if ("bytes" in content) return false;
    if (!("archive" in content)) return !this.#saved.has(content) && !this.#recorded.has(fileKey(content));
    const key = archivedKey(content);
    return !this.#savedArchived.has(key) && !this.#usedArchived.has(key);
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
    if ("bytes" in content || this.#private.has(content) || isRacy(fileOf(content).identity, Date.now())) return;
    if ("archive" in content) this.#usedArchived.set(archivedKey(content), digest);
    else this.#recorded.set(fileKey(content), [content, digest]);
  }

  /** Loads what {@link save} wrote; empty when there is nothing or the file is damaged. */
  static async load(file: string): Promise<FileDigests> {
    const body = await readChecksummedFile(file, FORMAT);
    if (body === undefined) return new FileDigests();
    const tableBytes = Number(body.toString("latin1", 0, body.indexOf("\n")));
    const start = body.indexOf("\n") + 1;
    const archived = new Map<string, Digest>();
    for (const line of body.toString("latin1", start + tableBytes).split("\n")) {
      const [key = "", digest = ""] = line.split(" ");
      if (isDigest(digest)) archived.set(key, digest);
    }
    return new FileDigests(new DigestTable(body.subarray(start, start + tableBytes)), archived);
  }

  /**
   * Saves the digests that were used or recorded, atomically. Returns false if they are what was loaded, so that nothing was written.
   * Throws file system errors.
   */
  async save(file: string): Promise<boolean> {
    const [saved, used] = [this.#savedArchived, this.#usedArchived];
    const isSame = saved.size === used.size && [...used].every(([key, digest]) => saved.get(key) === digest);
    if (isSame && this.#saved.isUsedUp && this.#recorded.size === 0) return false;
    const table = this.#saved.encode(this.#recorded.values());
    const lines = [...used].map(([key, digest]) => `${key} ${digest}\n`).join("");
    const body = Buffer.concat([Buffer.from(`${table.length}\n`), table, Buffer.from(lines)]);
    await writeChecksummedFile(file, FORMAT, body);
    return true;
  }
}

const fileKey = ({ identity, sizeBytes }: DiskFile): string =>
  `${identity.dev}:${identity.ino}:${sizeBytes}:${identity.mtimeMs}:${identity.ctimeMs}`;

const archivedKey = ({ archive, ranges }: ArchivedFile): string =>
  `${fileKey(archive)}:${ranges.map(({ offset, sizeBytes }) => `${offset ?? "hole"}+${sizeBytes}`).join(",")}`;

/** The file on disk that holds a content. */
const fileOf = (content: DiskFile | ArchivedFile): DiskFile => ("archive" in content ? content.archive : content);
