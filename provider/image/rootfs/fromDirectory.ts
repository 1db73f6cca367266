/** Reads a directory on disk as a file tree. */
import * as fs from "node:fs";
import { UnikernelError, systemErrorCode } from "../../base/errors";
import { FILE_TYPE } from "../cpio/header";
import { TimeSlice } from "../pack/timeSlice";
import { parentOf, sortByBytes } from "./completeTree";
import { DirectoryDescriptors, describeRoot } from "./directoryDescriptors";
import type { FolderObserver } from "./folderObserver";
import { ListedFile } from "./listedFile";
import type { DirectoryRoot, FileTree, TreeEntry } from "./tree";

/** How to read a directory. */
export interface DirectoryOptions {
  /**
   * True keeps the lower 12 bits of modes. Otherwise they become 0755 for folders and for files that their owner may execute, and
   * 0644 for other files, so that the umask of a checkout makes no difference.
   */
  readonly preserveModes?: boolean;
  /** Remembers what is looked at; `undefined`: nothing does. */
  readonly observer?: FolderObserver | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Entries between two looks at the clock. */
const ENTRIES_PER_LOOK = 64;

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
  const { preserveModes = false, observer, signal } = options;
  const root = describeRoot(directory);
  observer?.entry(directory, fs.lstatSync(directory));
  using descriptors = new DirectoryDescriptors(root);
  const lister = new DirectoryLister(root, descriptors, { preserveModes, observer });
  const slice = new TimeSlice(signal);
  let count = 0;
  // Depth first, which is nearly the order that archives have.
  const open = [lister.list("")];
  for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
    const name = folder.names[folder.next++];
    if (name === undefined) open.pop();
    else if (lister.add(folder.prefix + name)) open.push(lister.list(folder.prefix + name));
    if (++count % ENTRIES_PER_LOOK === 0 && slice.isOver) await slice.next();
  }
  const { problems, tree } = lister;
  if (problems.length > 0) throw new UnikernelError("CONTEXT_INVALID", problems.join("\n"), { property: "context" });
  return tree;
}

/** A folder whose entries are being added. */
interface OpenFolder {
  /** What its entries' paths start with. */
  readonly prefix: string;
  /** Sorted. */
  readonly names: readonly string[];
  /** Index of the next name. */
  next: number;
}

/** Collects the entries of folders in a tree. */
class DirectoryLister {
  readonly tree = new Map<string, TreeEntry>();
  /** Sentences about what cannot be packed. */
  readonly problems: string[] = [];
  readonly #hardLinks = new Map<string, TreeEntry>();
  readonly #root: DirectoryRoot;
  readonly #prefix: string;
  readonly #descriptors: DirectoryDescriptors;
  readonly #preserveModes: boolean;
  readonly #observer: FolderObserver | undefined;

  constructor(
    root: DirectoryRoot,
    descriptors: DirectoryDescriptors,
    { preserveModes = false, observer }: Omit<DirectoryOptions, "signal">,
  ) {
    this.#root = root;
    this.#prefix = root.path.endsWith("/") ? root.path : `${root.path}/`;
    this.#descriptors = descriptors;
    this.#preserveModes = preserveModes;
    this.#observer = observer;
  }

  /** Opens a folder; without names, and with a problem, if it cannot be read. */
  list(folder: string): OpenFolder {
    const prefix = folder === "" ? "" : `${folder}/`;
    try {
      return { prefix, names: sortByBytes(this.#readNames(folder)), next: 0 };
    } catch (error) {
      this.problems.push(`The directory '/${folder}' cannot be read (${systemErrorCode(error) ?? "unknown error"}).`);
      return { prefix, names: [], next: 0 };
    }
  }

  /** Adds an entry, or a problem. True for a folder. */
  add(inner: string): boolean {
    const entry = this.#read(inner);
    if (typeof entry === "string") this.problems.push(entry);
    else this.tree.set(inner, entry);
    return typeof entry === "object" && entry.type === "directory";
  }

  /** The entry, or a sentence that says why it cannot be packed. */
  #read(inner: string): TreeEntry | string {
    const path = this.#prefix + inner;
    try {
      // The plain path is twice as fast. Should it be diverted, opening the file later finds another inode than the listed one.
      const stat = fs.lstatSync(path.length < SHORT_PATH ? path : this.#safePath(inner));
      this.#observer?.entry(path, stat);
      switch (stat.mode & FILE_TYPE.mask) {
        case FILE_TYPE.file:
          return this.#fileEntry(inner, stat);
        case FILE_TYPE.directory:
          return { type: "directory", mode: this.#preserveModes ? stat.mode & 0o7777 : 0o755 };
        case FILE_TYPE.symlink:
          return this.#linkEntry(inner);
      }
      const kind = stat.isFIFO() ? "FIFO" : stat.isSocket() ? "socket" : "device";
      return `'/${inner}' is a ${kind}; only files, directories and symbolic links can be packed. Remove it.`;
    } catch (error) {
      return `'/${inner}' cannot be read (${systemErrorCode(error) ?? "unknown error"}).`;
    }
  }

  #fileEntry(inner: string, stat: fs.Stats): TreeEntry {
    const key = stat.nlink > 1 ? `${stat.dev}:${stat.ino}` : undefined;
    const known = key === undefined ? undefined : this.#hardLinks.get(key);
    if (known !== undefined) return known;
    const mode = this.#preserveModes ? stat.mode & 0o7777 : (stat.mode & 0o100) !== 0 ? 0o755 : 0o644;
    const entry: TreeEntry = { type: "file", mode, content: new ListedFile(this.#root, inner, stat) };
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

  #readNames(folder: string): string[] {
    const path = this.#descriptors.pathOf(folder);
    const names = fs.readdirSync(path);
    this.#observer?.folder(this.#prefix + folder, names);
    if (!names.some((name) => name.includes("\uFFFD"))) return names;
    return fs.readdirSync(path, { encoding: "buffer" }).flatMap((bytes) => {
      const name = bytes.toString("utf8");
      if (Buffer.from(name).equals(bytes)) return [name];
      this.problems.push(`A name in '/${folder}' is not UTF-8: '${name}'.`);
      return [];
    });
  }
}
