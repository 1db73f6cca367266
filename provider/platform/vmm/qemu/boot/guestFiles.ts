/** Files that a guest gets beside its image's: ROMs, annotations, and a command line that no one else may see. */
import * as fs from "node:fs/promises";
import { UnikernelError } from "../../../../base/errors";
import { readCpio } from "../../../../image/cpio/read";
import type { VmRom, VmSpec } from "../../vmm";
import type { KernelKind } from "./kernelKind";

/** Entries by path, as an archive has them. */
type FileTree = ReturnType<typeof readCpio>;
type FileEntry = FileTree extends ReadonlyMap<string, infer E> ? E : never;

/** Files of a ROM are there to be read. */
const ROM_FILE_MODE = 0o444;

/**
 * The tree, empty when there is nothing. Annotations are `/unikernel/annotations.json`. A Unikraft guest unpacks one
 * archive alone: it does without annotations, and throws `NOT_SUPPORTED` for ROMs.
 *
 * @param commandLine content of `/unikernel/cmdline`, if any
 */
export async function buildGuestFiles(
  { roms, annotations }: Pick<VmSpec, "roms" | "annotations">,
  kind: KernelKind,
  commandLine: string | undefined,
): Promise<FileTree> {
  if (kind === "multiboot") {
    if (roms.length === 0) return new Map();
    throw new UnikernelError("NOT_SUPPORTED", "ROMs do not reach a Unikraft guest on the local platform.", {
      property: "roms",
      hint: "Put the files into the image, or use the runtime linux:latest.",
    });
  }
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
  if ("archive" in rom) return readCpio(await fs.readFile(rom.archive));
  return new Map([...rom.files].map(([path, bytes]) => [path, newFileEntry(bytes, ROM_FILE_MODE)]));
}

/** Path in the tree of what is at `path` below `at`. */
const joinGuestPath = (at: string, path: string): string => `${at}/${path}`.split("/").filter(Boolean).join("/");

/** Bytes of all files of a tree. */
export const treeSizeBytes = (tree: FileTree): number =>
  [...tree.values()].reduce((sum, entry) => sum + (entry.type === "file" ? contentSizeBytes(entry.content) : 0), 0);

const contentSizeBytes = (content: Extract<FileEntry, { type: "file" }>["content"]): number =>
  "bytes" in content ? content.bytes.length : content.sizeBytes;
