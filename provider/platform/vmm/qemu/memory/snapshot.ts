/**
 * A snapshot: the memory and devices of a guest at one moment, in files from which any number of clones are started. It is written once
 * and never changed: clones map its memory and copy the pages that they write, so that they share all others.
 *
 * A snapshot may be deleted while clones run. The system keeps what they have mapped until the last of them ends.
 */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as z from "zod";
import { digestOf, digestOfFile } from "../../../../base/digest";
import type { VmSpec } from "../../vmm";
import type { QemuCapabilities } from "../host/probe";
import { readDisks, statUnchanged, unchangedFile } from "./savedMark";

/** Absolute paths of a snapshot. */
export interface SnapshotFiles {
  readonly folder: string;
  /** The guest's memory (0600). */
  readonly ram: string;
  readonly devices: string;
  /** What the guest had reported on its control port: what is known of a clone from the start. */
  readonly controlLog: string;
  /** A {@link Snapshot}. Written last, so that without it there is no snapshot. */
  readonly description: string;
}

/** The files of the snapshot in a folder, which has no others. */
export const snapshotFilesOf = (folder: string): SnapshotFiles => ({
  folder,
  ram: path.join(folder, "ram"),
  devices: path.join(folder, "devices"),
  controlLog: path.join(folder, "control.log"),
  description: path.join(folder, "snapshot.json"),
});

const snapshotSchema = z.object({
  /** Version of QEMU, such as `7.2.22`. */
  qemuVersion: z.string(),
  accelerator: z.string(),
  /** A {@link GuestShape}. */
  shape: z.record(z.string(), z.string()),
  /** Digest of the devices' state. */
  devices: z.string(),
  /** A change of the memory shows in its time: to read all of it would take longer than to start a clone. */
  ram: unchangedFile.omit({ file: true }),
  /** The disks, which the guest only reads, and has cached parts of. */
  disks: z.array(unchangedFile),
});
/** What a snapshot is, and what its files must be like. */
export type Snapshot = z.infer<typeof snapshotSchema>;

/** Digests of what clones have in common, because it is in the guest's memory, by the name of a {@link SHAPE}. */
export type GuestShape = Readonly<Record<string, string>>;

/** What is in the memory of a guest, or part of its machine. Everything else of a {@link VmSpec} a clone may have of its own. */
const SHAPE: Readonly<Record<string, (spec: VmSpec) => unknown>> = {
  image: ({ kernel, initrd }) => [kernel, initrd],
  args: ({ args }) => args,
  env: ({ env }) => Object.entries(env),
  memory: ({ memoryMb }) => memoryMb,
  vcpus: ({ vcpus }) => vcpus,
  volumes: ({ disks }) => disks,
  roms: ({ roms }) => roms.map((rom) => ("files" in rom ? [rom.at, ...rom.files] : [rom.at, rom.archive])),
  annotations: ({ annotations }) => Object.entries(annotations),
  cards: ({ network }) => network.interfaces.length,
};

/** How a message names what differs. */
const OTHER: Readonly<Record<string, string>> = {
  image: "another image",
  args: "other arguments",
  env: "other environment variables",
  memory: "another amount of memory",
  vcpus: "another number of processors",
  volumes: "other volumes",
  roms: "other ROMs",
  annotations: "other annotations",
  cards: "another number of network interfaces",
};

/** The shape of a guest. Pure. */
export const shapeOf = (spec: VmSpec): GuestShape =>
  Object.fromEntries(Object.entries(SHAPE).map(([name, of]) => [name, digestOf(JSON.stringify(of(spec)) ?? "")]));

/** What is on disk of a snapshot. `undefined`: missing or unreadable. */
export interface SnapshotFacts {
  readonly snapshot: Snapshot | undefined;
  readonly devices: string | undefined;
  readonly ram: Snapshot["ram"] | undefined;
  readonly disks: Snapshot["disks"];
}

/** What is to be cloned on. */
export interface CloneTarget {
  readonly shape: GuestShape;
  readonly capabilities: Pick<QemuCapabilities, "version" | "accelerator">;
}

/** Why no clone can be started from a snapshot, as the end of a sentence; `undefined` if one can. Pure. */
export function findCloneObstacle(facts: SnapshotFacts, { shape, capabilities }: CloneTarget): string | undefined {
  const { snapshot } = facts;
  if (snapshot === undefined) return "the memory of its original is missing or damaged";
  const { qemuVersion, accelerator } = snapshot;
  if (qemuVersion !== capabilities.version || accelerator !== capabilities.accelerator)
    return `its original ran on QEMU ${qemuVersion} (${accelerator}), and this is QEMU ${capabilities.version} (${capabilities.accelerator})`;
  const different = Object.keys(shape).find((name) => shape[name] !== snapshot.shape[name]);
  if (different !== undefined) return `it has ${OTHER[different] ?? "other settings"} than its original`;
  if (facts.devices !== snapshot.devices) return "the saved devices of its original are missing or damaged";
  if (JSON.stringify(facts.ram) !== JSON.stringify(snapshot.ram))
    return "the memory of its original is missing or was changed";
  if (JSON.stringify(facts.disks) !== JSON.stringify(snapshot.disks))
    return "a volume was changed since the memory of its original was saved";
  return undefined;
}

/** Reads what is on disk of a snapshot, and of the disks of the clone. */
export async function readSnapshotFacts(
  files: SnapshotFiles,
  { disks }: Pick<VmSpec, "disks">,
): Promise<SnapshotFacts> {
  const [snapshot, devices, ram] = await Promise.all([
    readSnapshot(files),
    digestOfFile(files.devices).catch(() => undefined),
    statUnchanged(files.ram).catch(() => undefined),
  ]);
  return { snapshot, devices, ram, disks: await readDisks(disks) };
}

async function readSnapshot({ description }: SnapshotFiles): Promise<Snapshot | undefined> {
  try {
    return snapshotSchema.safeParse(JSON.parse(await fs.readFile(description, "utf8"))).data;
  } catch {
    return undefined;
  }
}
