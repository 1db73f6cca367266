/**
 * Opens files below a directory so that nothing that happens meanwhile leads out of it.
 *
 * Node has no openat(2). On Linux, `/proc/self/fd/<fd>/<name>` does the same: the kernel starts at the open directory, whatever its
 * path means by now, and O_NOFOLLOW rejects a link in place of the name. Each folder is opened that way from its parent. Elsewhere the
 * path is used as it is; there, only the comparison with the listed inode (contentReader.ts) protects.
 */
import * as fs from "node:fs";
import { parentOf } from "./completeTree";
import type { DirectoryRoot } from "./tree";

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;
const DESCRIPTORS = `/proc/${process.pid}/fd`; // saves the kernel the link /proc/self
const HAS_DESCRIPTORS = fs.existsSync(DESCRIPTORS);
/** Open folders besides the root. */
const MAX_OPEN = 64;

/** Thrown when the root is no longer the directory that was listed. */
export class RootReplacedError extends Error {
  override readonly name = "RootReplacedError";
}

/** Describes a directory for {@link DirectoryDescriptors}. `path` has no symbolic links. Throws file system errors. */
export function describeRoot(path: string): DirectoryRoot {
  const { dev, ino } = fs.lstatSync(path);
  return { path, dev, ino };
}

/** Open descriptors of a directory and the folders below it, the most recently used ones. */
export class DirectoryDescriptors implements Disposable {
  readonly #root: DirectoryRoot;
  readonly #rootFd: number;
  readonly #open = new Map<string, number>();

  /** Throws file system errors, and {@link RootReplacedError}. */
  constructor(root: DirectoryRoot) {
    this.#root = root;
    this.#rootFd = fs.openSync(root.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    const { dev, ino } = fs.fstatSync(this.#rootFd);
    if (dev !== root.dev || ino !== root.ino) {
      fs.closeSync(this.#rootFd);
      throw new RootReplacedError(`'${root.path}' was replaced`);
    }
  }

  /** A path for system calls on the folder `inner` ("" for the root) that cannot be diverted. Throws file system errors. */
  pathOf(inner: string): string {
    if (!HAS_DESCRIPTORS) return inner === "" ? this.#root.path : `${this.#root.path}/${inner}`;
    return `${DESCRIPTORS}/${inner === "" ? this.#rootFd : this.#folder(inner)}`;
  }

  /**
   * Opens `inner` for reading, whatever it is by now: a FIFO does not block, and a symbolic link fails with ELOOP. The caller
   * closes the descriptor. Throws file system errors.
   */
  openFile(inner: string): number {
    const name = inner.slice(inner.lastIndexOf("/") + 1);
    return fs.openSync(`${this.pathOf(parentOf(inner))}/${name}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open.values()) fs.closeSync(fd);
    this.#open.clear();
    fs.closeSync(this.#rootFd);
  }

  #folder(inner: string): number {
    const known = this.#open.get(inner);
    if (known !== undefined) {
      this.#open.delete(inner);
      this.#open.set(inner, known); // now the most recently used
      return known;
    }
    const name = inner.slice(inner.lastIndexOf("/") + 1);
    const fd = fs.openSync(`${this.pathOf(parentOf(inner))}/${name}`, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    this.#open.set(inner, fd);
    for (const [oldest, oldestFd] of this.#open) {
      if (this.#open.size <= MAX_OPEN) break;
      this.#open.delete(oldest);
      fs.closeSync(oldestFd);
    }
    return fd;
  }
}
