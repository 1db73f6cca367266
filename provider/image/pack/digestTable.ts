/**
 * Digests of files on disk, in columns: those of 100,000 files are read, found and written in milliseconds.
 *
 * As bytes: the numbers of each file as 64-bit floating-point numbers of this machine, then the digests as text.
 */
import type { Digest } from "../../base/digest";
import type { DiskFile } from "../rootfs/tree";

/** What identifies the content of a file without reading it. */
type FileKey = Pick<DiskFile, "identity" | "sizeBytes">;

/** Device, inode, size, and the times when content and inode changed. */
const COLUMNS = 5;
const NUMBERS_BYTES = COLUMNS * Float64Array.BYTES_PER_ELEMENT;
const DIGEST_LENGTH = "sha256:".length + 64;

/** Digests of files by inode, size and times. */
export class DigestTable {
  readonly rowCount: number;
  readonly #numbers: Float64Array;
  readonly #digests: string;
  readonly #used: Uint8Array;
  #usedCount = 0;
  #rows: Map<number, number> | undefined;
  #expectedRow = 0;

  /** @param bytes made by {@link encode} */
  constructor(bytes: Uint8Array = new Uint8Array()) {
    this.rowCount = bytes.length / (NUMBERS_BYTES + DIGEST_LENGTH);
    const split = this.rowCount * NUMBERS_BYTES;
    this.#numbers = new Float64Array(new Uint8Array(bytes.subarray(0, split)).buffer); // a copy, which is aligned
    this.#digests = Buffer.from(bytes.buffer, bytes.byteOffset + split, bytes.length - split).toString("latin1");
    this.#used = new Uint8Array(this.rowCount);
  }

  /** True if every row was used. */
  get isUsedUp(): boolean {
    return this.#usedCount === this.rowCount;
  }

  has(file: FileKey): boolean {
    return this.#find(file) !== undefined;
  }

  /** The digest of a file, which then counts as used. */
  use(file: FileKey): Digest | undefined {
    const row = this.#find(file);
    if (row === undefined) return undefined;
    if (this.#used[row] === 0) this.#usedCount += 1;
    this.#used[row] = 1;
    return this.#digestAt(row);
  }

  /** The bytes of a table with the rows that were used, and more. */
  encode(more: Iterable<readonly [FileKey, Digest]>): Buffer {
    const numbers: number[] = [];
    const digests: Digest[] = [];
    for (let row = 0; row < this.rowCount; row++) {
      if (this.#used[row] === 0) continue;
      numbers.push(...this.#numbers.subarray(row * COLUMNS, (row + 1) * COLUMNS));
      digests.push(this.#digestAt(row));
    }
    for (const [{ identity, sizeBytes }, digest] of more) {
      numbers.push(identity.dev, identity.ino, sizeBytes, identity.mtimeMs, identity.ctimeMs);
      digests.push(digest);
    }
    return Buffer.concat([Buffer.from(Float64Array.from(numbers).buffer), Buffer.from(digests.join(""), "latin1")]);
  }

  #find(file: FileKey): number | undefined {
    // Each operation asks for the files in the same order, so that most searches end here.
    if (this.#matches(this.#expectedRow, file)) return this.#expectedRow++;
    const row = this.#rowsByInode().get(file.identity.ino);
    if (row === undefined || !this.#matches(row, file)) return undefined;
    this.#expectedRow = row + 1;
    return row;
  }

  #rowsByInode(): ReadonlyMap<number, number> {
    if (this.#rows !== undefined) return this.#rows;
    this.#rows = new Map();
    for (let row = 0; row < this.rowCount; row++) this.#rows.set(this.#numbers[row * COLUMNS + 1] ?? 0, row);
    return this.#rows;
  }

  #matches(row: number, { identity, sizeBytes }: FileKey): boolean {
    const [numbers, start] = [this.#numbers, row * COLUMNS];
    return (
      numbers[start + 1] === identity.ino &&
      numbers[start + 3] === identity.mtimeMs &&
      numbers[start + 4] === identity.ctimeMs &&
      numbers[start + 2] === sizeBytes &&
      numbers[start] === identity.dev
    );
  }

  #digestAt(row: number): Digest {
    return this.#digests.slice(row * DIGEST_LENGTH, (row + 1) * DIGEST_LENGTH) as Digest;
  }
}
