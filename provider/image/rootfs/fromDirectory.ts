/** Reads a directory on disk as a file tree. */
import * as fs from "node:fs";
import { UnikernelError, systemErrorCode } from "../../base/errors";
import { TimeSlice } from "../pack/timeSlice";
import { compareBytes, parentOf } from "./completeTree";
import { DirectoryDescriptors, describeRoot } from "./directoryDescriptors";
import type { DirectoryRoot, FileTree, TreeEntry } from "./tree";

/** How to read a directory. */
export interface DirectoryOptions {
  /**
   * True keeps the lower 12 bits of modes. Otherwise they become 0755 for folders and for files that their owner may execute, and
   * 0644 for other files, so that the umask of a checkout makes no difference.
   */
  readonly preserveModes?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Paths up to this length are passed to the kernel as they are; its limit is 4096 bytes. */
const SHORT_PATH = 1200;

/**
 * Lists everything below `directory` (an absolute path without links). Owners and times are dropped, hard links among
 * the files are kept; contents stay on disk; symbolic links are kept as they are, never followed: their targets are guest paths.
 *
 * Throws `CONTEXT_INVALID` that lists all devices, FIFOs, sockets, names that are not UTF-8, and unreadable folders; an aborted
 * `signal` rejects with its reason.
 */
export async function fromDirectory(directory: string, options: DirectoryOptions = {}): Promise<FileTree> {
  const { preserveModes = false, signal } = options;
  const problems: string[] = [];
  const root = describeRoot(directory);
  using descriptors = new DirectoryDescriptors(root);
  const lister = new DirectoryLister(root, descriptors, preserveModes, problems);
  const folders = [""];
  const slice = new TimeSlice(signal);
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    folders.push(...lister.list(folder).reverse());
    if (slice.isOver) await slice.next();
  }
  if (problems.length > 0) throw new UnikernelError("CONTEXT_INVALID", problems.join("\n"), { property: "context" });
  return lister.tree;
}

/** Lists one folder after the other into a tree. */
class DirectoryLister {
  readonly tree = new Map<string, TreeEntry>();
  readonly #hardLinks = new Map<string, TreeEntry>();
  readonly #root: DirectoryRoot;
  readonly #prefix: string;
  readonly #descriptors: DirectoryDescriptors;
  readonly #preserveModes: boolean;
  readonly #problems: string[];

  constructor(root: DirectoryRoot, descriptors: DirectoryDescriptors, preserveModes: boolean, problems: string[]) {
    this.#root = root;
    this.#prefix = root.path.endsWith("/") ? root.path : `${root.path}/`;
    this.#descriptors = descriptors;
    this.#preserveModes = preserveModes;
    this.#problems = problems;
  }

  /** Adds the entries of a folder and returns the paths of its subfolders. */
  list(folder: string): string[] {
    let names: string[];
    try {
      names = this.#namesIn(folder);
    } catch (error) {
      this.#problems.push(`The directory '/${folder}' cannot be read (${systemErrorCode(error) ?? "unknown error"}).`);
      return [];
    }
    const subfolders: string[] = [];
    for (const name of names.sort(compareBytes)) {
      const inner = folder === "" ? name : `${folder}/${name}`;
      const entry = this.#read(inner);
      if (typeof entry === "string") this.#problems.push(entry);
      else {
        this.tree.set(inner, entry);
        if (entry.type === "directory") subfolders.push(inner);
      }
    }
    return subfolders;
  }

  /** The entry, or a sentence that says why it cannot be packed. */
  #read(inner: string): TreeEntry | string {
    const path = this.#prefix + inner;
    try {
      // The plain path is twice as fast. Should it be diverted, opening the file later finds another inode than the listed one.
      const stat = fs.lstatSync(path.length < SHORT_PATH ? path : this.#safePath(inner));
      if (stat.isFile()) return this.#fileEntry(path, stat);
      if (stat.isDirectory()) return { type: "directory", mode: this.#preserveModes ? stat.mode & 0o7777 : 0o755 };
      if (stat.isSymbolicLink()) return this.#linkEntry(inner);
      const kind = stat.isFIFO() ? "FIFO" : stat.isSocket() ? "socket" : "device";
      return `'/${inner}' is a ${kind}; only files, directories and symbolic links can be packed. Remove it.`;
    } catch (error) {
      return `'/${inner}' cannot be read (${systemErrorCode(error) ?? "unknown error"}).`;
    }
  }

  #fileEntry(path: string, stat: fs.Stats): TreeEntry {
    const { dev, ino, mtimeMs, ctimeMs, size, nlink } = stat;
    const key = nlink > 1 ? `${dev}:${ino}` : undefined;
    const known = key === undefined ? undefined : this.#hardLinks.get(key);
    if (known !== undefined) return known;
    const mode = this.#preserveModes ? stat.mode & 0o7777 : (stat.mode & 0o100) !== 0 ? 0o755 : 0o644;
    const content = { path, sizeBytes: size, identity: { dev, ino, mtimeMs, ctimeMs }, root: this.#root };
    const entry: TreeEntry = { type: "file", mode, content };
    if (key !== undefined) this.#hardLinks.set(key, entry);
    return entry;
  }

  #linkEntry(inner: string): TreeEntry | string {
    const raw = fs.readlinkSync(this.#safePath(inner), { encoding: "buffer" });
    const target = raw.toString("utf8");
    return Buffer.from(target).equals(raw)
      ? { type: "symlink", target }
      : `The target of the symbolic link '/${inner}' is not UTF-8.`;
  }

  #safePath(inner: string): string {
    return `${this.#descriptors.pathOf(parentOf(inner))}/${inner.slice(inner.lastIndexOf("/") + 1)}`;
  }

  #namesIn(folder: string): string[] {
    const path = this.#descriptors.pathOf(folder);
    const names = fs.readdirSync(path);
    if (!names.some((name) => name.includes("\uFFFD"))) return names;
    return fs.readdirSync(path, { encoding: "buffer" }).flatMap((bytes) => {
      const name = bytes.toString("utf8");
      if (Buffer.from(name).equals(bytes)) return [name];
      this.#problems.push(`A name in '/${folder}' is not UTF-8: '${name}'.`);
      return [];
    });
  }
}
