/** A file that was found in a directory. */
import type { Stats } from "node:fs";
import type { DirectoryRoot, DiskFile, FileIdentity } from "./tree";

/** One object per file, without a string for its absolute path: there may be hundreds of thousands. */
export class ListedFile implements DiskFile, FileIdentity {
  readonly root: DirectoryRoot;
  readonly sizeBytes: number;
  readonly dev: number;
  readonly ino: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly #inner: string;

  /** @param inner path below the root */
  constructor(root: DirectoryRoot, inner: string, stat: Stats) {
    this.root = root;
    this.#inner = inner;
    this.sizeBytes = stat.size;
    this.dev = stat.dev;
    this.ino = stat.ino;
    this.mtimeMs = stat.mtimeMs;
    this.ctimeMs = stat.ctimeMs;
  }

  get path(): string {
    return this.root.path.endsWith("/") ? this.root.path + this.#inner : `${this.root.path}/${this.#inner}`;
  }

  get identity(): FileIdentity {
    return this;
  }
}
