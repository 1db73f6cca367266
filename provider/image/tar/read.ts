/** Reads tar archives and OCI layers from untrusted sources into a file tree. */
import { TimeSlice } from "../pack/timeSlice";
import { ArchiveError, type ArchiveSource, EntryBudget, readArchive, rejectType } from "../rootfs/archiveSource";
import type { DiskFile, FileTree, TreeEntry } from "../rootfs/tree";
import { TreeBuilder } from "../rootfs/treeBuilder";
import { type ArchiveLimits, decompress } from "./decompress";
import { type TarEntry, readTarEntries } from "./entries";

/** How to read archives. */
export interface TarOptions {
  /** Folder for decompressed archives; the tree's contents stay there, so remove it after packing. */
  readonly scratch: string;
  readonly limits?: ArchiveLimits;
  readonly signal?: AbortSignal | undefined;
}

/** A layer of an image, plain or compressed with gzip or zstd. */
export interface OciLayer {
  readonly file: DiskFile;
  /** Name for messages, such as its digest. */
  readonly label: string;
}

/** Marks of deleted files in layers. Source: OCI image-spec 1.1, layer.md, "Whiteouts". */
const WHITEOUT = { prefix: ".wh.", opaque: ".wh..wh..opq", reserved: ".wh..wh." } as const;

/**
 * Reads a tar archive, plain or compressed with gzip or zstd: ustar, GNU and PAX. Modes, owners and hard links are kept, times and
 * extended attributes are not. Later entries replace earlier ones. Paths are resolved inside the tree, whatever links they meet.
 *
 * @param label path of the file for messages
 * Throws `CONTEXT_INVALID` for an archive that is malformed, truncated or too large, for paths with `..`, hard links to nothing,
 * sparse files, devices, FIFOs and sockets; `NO_SPACE`; an aborted `signal` rejects with its reason.
 */
export async function fromTar(file: DiskFile, label: string, options: TarOptions): Promise<FileTree> {
  const plain = await decompress(file, label, options);
  return readArchive(plain, label, "tar archive", async (source) => {
    const builder = new TreeBuilder();
    for (const entry of await readAll(source, new EntryBudget(), options.signal)) addEntry(builder, entry);
    return builder.toTree();
  });
}

/**
 * Reads the layers of an image, the lowest first, into the tree that a container would see. Whiteouts remove what lower layers have.
 *
 * Throws as {@link fromTar}.
 */
export async function fromOciLayers(layers: readonly OciLayer[], options: TarOptions): Promise<FileTree> {
  let tree: FileTree = new Map();
  const budget = new EntryBudget();
  for (const { file, label } of layers) {
    const plain = await decompress(file, label, options);
    const lower = tree;
    tree = await readArchive(plain, label, "image layer", async (source) => {
      const builder = new TreeBuilder(lower);
      const entries = await readAll(source, budget, options.signal);
      // Whiteouts concern lower layers only, wherever they are in the archive.
      for (const entry of entries) applyWhiteout(builder, entry);
      for (const entry of entries) if (!isWhiteout(entry)) addEntry(builder, entry);
      return builder.toTree();
    });
  }
  return tree;
}

async function readAll(
  source: ArchiveSource,
  budget: EntryBudget,
  signal: AbortSignal | undefined,
): Promise<TarEntry[]> {
  const slice = new TimeSlice(signal);
  const entries: TarEntry[] = [];
  for (const entry of readTarEntries(source)) {
    budget.add(entry.path, entry.target);
    entries.push(entry);
    if (slice.isOver) await slice.next();
  }
  return entries;
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const isWhiteout = ({ path }: TarEntry): boolean => nameOf(path).startsWith(WHITEOUT.prefix);

function applyWhiteout(builder: TreeBuilder, entry: TarEntry): void {
  if (!isWhiteout(entry)) return;
  const name = nameOf(entry.path);
  const folder = entry.path.slice(0, entry.path.length - name.length);
  if (name === WHITEOUT.opaque) return builder.clear(folder);
  if (name.startsWith(WHITEOUT.reserved)) return; // metadata of aufs
  const hidden = name.slice(WHITEOUT.prefix.length);
  if (hidden === "" || hidden === "." || hidden === "..")
    throw new ArchiveError(`the whiteout '/${entry.path}' names no file`);
  builder.remove(folder + hidden);
}

function addEntry(builder: TreeBuilder, { type, path, target, mode, uid, gid, content }: TarEntry): void {
  if (path === "") {
    if (type !== "directory") throw new ArchiveError("its root is not a directory");
    return;
  }
  const owner = { ...(uid === 0 ? {} : { uid }), ...(gid === 0 ? {} : { gid }) };
  switch (type) {
    case "directory":
      builder.set(path, { ...owner, type, mode });
      break;
    case "file":
      builder.set(path, { ...owner, type, mode, content });
      break;
    case "symlink":
      builder.set(path, { ...owner, type, target });
      break;
    case "hardlink":
      builder.set(path, linkedEntry(builder, path, target));
      break;
    case "special":
      rejectType(path, "device, FIFO or socket");
  }
}

function linkedEntry(builder: TreeBuilder, path: string, target: string): TreeEntry {
  const { entry } = builder.locate(target);
  if (entry === undefined || entry.type === "directory")
    throw new ArchiveError(`'/${path}' is a hard link to '/${target}', which is no file of the archive`);
  return entry;
}
