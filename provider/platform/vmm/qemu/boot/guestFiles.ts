/** Builds the files that a guest gets in addition to its image: ROMs, annotations, and a command line with secrets. */
import * as fs from "node:fs/promises";
import { readCpio } from "../../../../image/cpio/read";
import { isErofs, readErofs } from "../../../../image/erofs/read";
import type { KernelKind } from "../../../../image/kernel/kernelKind";
import type { VmRom, VmSpec } from "../../vmm";

/** Entries of an archive by path. */
type FileTree = ReturnType<typeof readCpio>;
type FileEntry = FileTree extends ReadonlyMap<string, infer E> ? E : never;

/** Permissions of a ROM's files: read-only. */
const ROM_FILE_MODE = 0o444;

/**
 * The additional files, none if the map is empty. Annotations go to `/unikernel/annotations.json`. A Unikraft guest unpacks
 * only one archive, so it gets no files.
 *
 * @param commandLine content of `/unikernel/cmdline`; `undefined` for no such file
 */
export async function buildGuestFiles(
  { roms, annotations }: Pick<VmSpec, "roms" | "annotations">,
  kind: KernelKind,
  commandLine: string | undefined,
): Promise<FileTree> {
  if (kind === "multiboot") return new Map();
  const tree = new Map<string, FileEntry>();
  for (const rom of roms) {
    for (const [path, entry] of await readRomFiles(rom)) tree.set(joinGuestPath(rom.at, path), entry);
  }
  if (Object.keys(annotations).length > 0)
    tree.set("unikernel/annotations.json", newFileEntry(JSON.stringify(annotations), 0o644));
  if (commandLine !== undefined) tree.set("unikernel/cmdline", newFileEntry(commandLine, 0o600));
  return tree;
}

const newFileEntry = (content: string | Uint8Array, mode: number): FileEntry => ({
  type: "file",
  mode,
  content: { bytes: typeof content === "string" ? Buffer.from(content) : content },
});

async function readRomFiles(rom: VmRom): Promise<FileTree> {
  if ("archive" in rom)
    return (await isErofs(rom.archive)) ? readErofs(rom.archive) : readCpio(await fs.readFile(rom.archive));
  return new Map([...rom.files].map(([path, bytes]) => [path, newFileEntry(bytes, ROM_FILE_MODE)]));
}

/** Path in the archive, which is relative to the root. */
const joinGuestPath = (at: string, path: string): string => `${at}/${path}`.split("/").filter(Boolean).join("/");

/** Total size of the files. */
export const treeSizeBytes = (tree: FileTree): number =>
  [...tree.values()].reduce((sum, entry) => sum + (entry.type === "file" ? contentSizeBytes(entry.content) : 0), 0);

const contentSizeBytes = (content: Extract<FileEntry, { type: "file" }>["content"]): number =>
  "bytes" in content ? content.bytes.length : content.sizeBytes;
