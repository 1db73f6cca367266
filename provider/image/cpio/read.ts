/** Reads a `newc` CPIO archive from an untrusted source into a file tree. */
import { UnikernelError } from "../../base/errors";
import { paddingBytes } from "../pack/archivePlan";
import { TimeSlice } from "../pack/timeSlice";
import {
  ArchiveError,
  type ArchiveSource,
  EntryBudget,
  decodeName,
  readArchive,
  rejectType,
  sourceFromBytes,
  toEntryPath,
} from "../rootfs/archiveSource";
import type { DiskFile, FileContent, FileTree, TreeEntry } from "../rootfs/tree";
import { TreeBuilder, TreePathError } from "../rootfs/treeBuilder";
import {
  ALIGNMENT,
  FILE_TYPE,
  HEADER_BYTES,
  MAX_NAME_BYTES,
  TRAILER_NAME,
  decodeHeader,
  type CpioHeader,
} from "./header";

/**
 * Reads an archive in memory. Leading `./` and `/` of names are stripped; devices and FIFOs are skipped; later entries replace
 * earlier ones of the same name; all hard links of a file get its content. File contents are views into `bytes`.
 *
 * Throws `BUILD_FAILED` for a malformed archive: truncated, wrong magic number, a path with `..`, a name that is not
 * UTF-8, no trailer, or data after the trailer.
 */
export function readCpio(bytes: Uint8Array): FileTree {
  const collector = new CpioCollector("skip");
  try {
    for (const entry of readEntries(sourceFromBytes(bytes))) collector.add(entry);
    return collector.toTree();
  } catch (error) {
    if (!(error instanceof ArchiveError || error instanceof TreePathError)) throw error;
    throw new UnikernelError("BUILD_FAILED", `A CPIO archive is malformed: ${error.message}.`);
  }
}

/**
 * Reads an archive on disk as {@link readCpio} does, except that devices, FIFOs and sockets are errors. Contents stay in the archive.
 *
 * @param label path of the file for messages
 * Throws `CONTEXT_INVALID` for a malformed archive; an aborted `signal` rejects with its reason.
 */
export function fromCpio(file: DiskFile, label: string, signal?: AbortSignal): Promise<FileTree> {
  return readArchive(file, label, "CPIO archive", async (source) => {
    const collector = new CpioCollector("reject");
    const slice = new TimeSlice(signal);
    for (const entry of readEntries(source)) {
      collector.add(entry);
      if (slice.isOver) await slice.next();
    }
    return collector.toTree();
  });
}

interface CpioEntry {
  readonly header: CpioHeader;
  readonly name: string;
  /** Target of a symbolic link, else "". */
  readonly target: string;
  readonly content: FileContent;
}

type LinkedFile = {
  -readonly [Key in keyof Extract<TreeEntry, { type: "file" }>]: Extract<TreeEntry, { type: "file" }>[Key];
};

/** Builds the tree of an archive, entry by entry. */
class CpioCollector {
  readonly #builder = new TreeBuilder();
  readonly #budget = new EntryBudget();
  /** Hard links share an inode number; only one of them has the content, the first or the last. */
  readonly #linked = new Map<string, LinkedFile>();
  readonly #specialFiles: "skip" | "reject";

  constructor(specialFiles: "skip" | "reject") {
    this.#specialFiles = specialFiles;
  }

  add({ header, name, target, content }: CpioEntry): void {
    this.#budget.add(name, target);
    const path = toEntryPath(name);
    if (path === "") return;
    const { uid, gid } = header;
    const common = { ...(uid === 0 ? {} : { uid }), ...(gid === 0 ? {} : { gid }) };
    const mode = header.mode & 0o7777;
    switch (header.mode & FILE_TYPE.mask) {
      case FILE_TYPE.directory:
        this.#builder.set(path, { ...common, type: "directory", mode });
        break;
      case FILE_TYPE.symlink:
        this.#builder.set(path, { ...common, type: "symlink", target });
        break;
      case FILE_TYPE.file:
        this.#builder.set(path, this.#linkedEntry(header, { ...common, type: "file", mode, content }));
        break;
      default:
        if (this.#specialFiles === "reject") rejectType(path, describeType(header.mode));
    }
  }

  toTree(): FileTree {
    return this.#builder.toTree();
  }

  #linkedEntry(header: CpioHeader, entry: LinkedFile): TreeEntry {
    if (header.links < 2) return entry;
    const key = `${header.devMajor}:${header.devMinor}:${header.inode}`;
    const known = this.#linked.get(key);
    if (known === undefined) this.#linked.set(key, entry);
    else if (header.fileBytes > 0) known.content = entry.content;
    return known ?? entry;
  }
}

const describeType = (mode: number): string => {
  const kinds: Readonly<Record<number, string>> = {
    0o010000: "FIFO",
    0o140000: "socket",
    0o020000: "device",
    0o060000: "device",
  };
  return kinds[mode & FILE_TYPE.mask] ?? "file of an unknown type";
};

function* readEntries(source: ArchiveSource): Generator<CpioEntry> {
  let offset = 0;
  for (;;) {
    const start = offset;
    const header = decodeHeader(source.read(offset, HEADER_BYTES, `a header at byte ${start}`));
    if (header === undefined) throw new ArchiveError(`there is no 'newc' header at byte ${start}`);
    const { nameBytes, fileBytes } = header;
    if (nameBytes < 1) throw new ArchiveError(`the name at byte ${start} is empty`);
    if (nameBytes > MAX_NAME_BYTES + 1)
      throw new ArchiveError(`the name at byte ${start} is longer than ${MAX_NAME_BYTES} bytes`);
    const raw = source.read(offset + HEADER_BYTES, nameBytes, `the name at byte ${start}`);
    if (raw.indexOf(0) !== raw.length - 1)
      throw new ArchiveError(`the name at byte ${start} has no NUL at its end, or another before it`);
    const name = decodeName(raw.subarray(0, -1));
    offset += HEADER_BYTES + nameBytes + paddingBytes(HEADER_BYTES + nameBytes, ALIGNMENT);
    if (name === TRAILER_NAME) {
      assertZeros(source, offset);
      return;
    }
    const isLink = (header.mode & FILE_TYPE.mask) === FILE_TYPE.symlink;
    if (isLink && fileBytes > MAX_NAME_BYTES)
      throw new ArchiveError(`the link '/${name}' is longer than ${MAX_NAME_BYTES} bytes`);
    const what = `the content of '${name}'`;
    const content = source.contentAt(offset, fileBytes, what);
    const target = isLink ? decodeName(source.read(offset, fileBytes, what)) : "";
    offset += fileBytes + paddingBytes(fileBytes, ALIGNMENT);
    yield { header, name, target, content };
  }
}

function assertZeros(source: ArchiveSource, start: number): void {
  const step = 2 ** 16;
  for (let offset = start; offset < source.sizeBytes; offset += step) {
    const bytes = source.read(offset, Math.min(step, source.sizeBytes - offset), "the padding");
    if (bytes.some((byte) => byte !== 0)) throw new ArchiveError(`data follows the trailer that ends at byte ${start}`);
  }
}
