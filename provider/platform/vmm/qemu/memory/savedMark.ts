/** The mark of a saved VM: what its files must be like to be restored. */
import * as fs from "node:fs";
import * as fsp from "node:fs/promises";
import * as path from "node:path";
import * as z from "zod";
import { type Digest, digestOfFile } from "../../../../base/digest";
import type { VmDisk } from "../../vmm";
import { type MemoryFiles, syncFile } from "./files";
import type { Machine } from "./machine";

/** What shows that nobody has written to a file, without reading it. */
export const unchangedFile = z.object({ file: z.string(), sizeBytes: z.number(), modifiedNs: z.string() });
type UnchangedFile = z.infer<typeof unchangedFile>;

const savedMark = z.object({
  /** Digest of the device state. */
  state: z.string(),
  /** The file of the guest's memory, which is too large for a digest at each wake. Absent if its memory is in the state. */
  ram: unchangedFile.optional(),
  /** Disks of the guest, which caches parts of them: nobody may have written to one since. */
  disks: z.array(unchangedFile),
});
/** See {@link writeSavedMark}. */
export type SavedMark = z.infer<typeof savedMark>;

/** True while the files are the VM, even if they are damaged. */
export const isMarkedSaved = ({ saved }: MemoryFiles): boolean => fs.existsSync(saved);

/** What is on disk of a saved VM. `undefined`: missing or unreadable. */
export interface SavedFacts {
  readonly mark: SavedMark | undefined;
  readonly machine: Machine | undefined;
  readonly state: string | undefined;
  readonly ram: UnchangedFile;
  readonly disks: readonly UnchangedFile[];
}

/** What restores it. */
export interface Restorer {
  readonly qemuVersion: string;
  /** `specDigest` of the VM as it is defined now. */
  readonly spec: string;
}

/** Why a saved VM cannot be restored, as the end of a sentence; `undefined` if it can. Pure. */
export function findDamage(facts: SavedFacts, restorer: Restorer): string | undefined {
  const { mark, machine } = facts;
  if (mark === undefined || machine === undefined) return "the files that describe its saved memory are damaged";
  if (machine.qemuVersion !== restorer.qemuVersion)
    return `it was saved by QEMU ${machine.qemuVersion}, and this is QEMU ${restorer.qemuVersion}`;
  if (machine.spec !== restorer.spec) return "it was saved with other settings than it has now";
  const { ram } = facts;
  if (mark.ram !== undefined) {
    if (ram.sizeBytes === MISSING.sizeBytes) return "its saved memory is missing";
    if (ram.sizeBytes !== mark.ram.sizeBytes)
      return `its saved memory has ${ram.sizeBytes} bytes instead of ${mark.ram.sizeBytes}`;
    if (!isSameFile(ram, mark.ram)) return "its saved memory was changed while it was asleep";
  }
  if (facts.state === undefined) return "the saved state of its devices is missing";
  if (facts.state !== mark.state) return "the saved state of its devices is damaged";
  const areDisksSame =
    facts.disks.length === mark.disks.length && mark.disks.every((disk, index) => isSameFile(disk, facts.disks[index]));
  return areDisksSame ? undefined : "a volume was changed while it was asleep";
}

const isSameFile = (one: UnchangedFile, other: UnchangedFile | undefined): boolean =>
  one.file === other?.file && one.sizeBytes === other.sizeBytes && one.modifiedNs === other.modifiedNs;

/** Reads what is on disk of a saved VM with these disks. */
export async function readSavedFacts(
  files: MemoryFiles,
  machine: Machine | undefined,
  disks: readonly VmDisk[],
): Promise<SavedFacts> {
  return {
    mark: await readMark(files),
    machine,
    state: await digestOfFile(files.state).catch(() => undefined),
    ram: await readFileFacts(files.ram),
    disks: await readDisks(disks),
  };
}

async function readMark({ saved }: MemoryFiles): Promise<SavedMark | undefined> {
  try {
    return savedMark.safeParse(JSON.parse(await fsp.readFile(saved, "utf8"))).data;
  } catch {
    return undefined;
  }
}

/** Of a file that cannot be read, which differs from every one that can. */
const MISSING = { sizeBytes: -1, modifiedNs: "" };

/** Size and time of a file. Throws file system errors. */
export async function statUnchanged(file: string): Promise<Omit<UnchangedFile, "file">> {
  const { size, mtimeNs } = await fsp.stat(file, { bigint: true });
  return { sizeBytes: Number(size), modifiedNs: String(mtimeNs) };
}

const readFileFacts = async (file: string): Promise<UnchangedFile> => ({
  file,
  ...(await statUnchanged(file).catch(() => MISSING)),
});

/** The disks as they are now. */
export const readDisks = (disks: readonly VmDisk[]): Promise<UnchangedFile[]> =>
  Promise.all(disks.map(({ file }) => readFileFacts(file)));

/**
 * Marks a VM as saved (0600), durably. From then on its files are the VM.
 *
 * @param saved digest of the state, and whether it holds the guest's memory
 * @param assertCurrent called at the very moment; what it throws, this throws, and there is no mark
 *
 * Throws file system errors; there is no mark then.
 */
export async function writeSavedMark(
  files: MemoryFiles,
  { state, withMemory }: { readonly state: Digest; readonly withMemory: boolean },
  disks: readonly VmDisk[],
  assertCurrent: () => void,
): Promise<void> {
  const ram = withMemory ? undefined : await readFileFacts(files.ram);
  const mark: SavedMark = { state, ram, disks: await readDisks(disks) };
  const temporary = path.join(files.folder, ".memory.saved");
  try {
    await fsp.writeFile(temporary, JSON.stringify(mark), { mode: 0o600, flush: true });
    assertCurrent();
    fs.renameSync(temporary, files.saved);
  } finally {
    await fsp.rm(temporary, { force: true });
  }
  await syncFile(files.folder);
}
