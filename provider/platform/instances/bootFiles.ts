/**
 * The files that a VM boots from. A kernel or initrd is unpacked once per layer digest and kept while an instance uses it,
 * so that an instance can start again after its image was removed from the layout.
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { LocalPaths } from "../../base/localPaths";
import { extractLayer, type LayerRef } from "../../image/oci/layer";
import type { RomRef } from "../../image/oci/storedImage";
import { DEFAULT_NETWORK, vmNetworkOf } from "../network/addresses";
import { networkInterfacesOf, toVmInterface } from "./networkInterface";
import type { InstanceRecord, RomRecord } from "../store/instances";
import type { VmRom, VmSpec } from "../vmm/vmm";
import { volumeDiskPath } from "../volumes/disk";
import { decodeInlineFile } from "./update/roms";
import { bootLayerDigests } from "./update/queuedUpdates";

/** A layer that is already unpacked, because the original of a copy boots from it. */
export interface UnpackedLayer {
  /** Such as `sha256:…`. */
  readonly digest: string;
}
/** A layer that an instance boots from; a ROM is a file system as it is, not in a tar. */
export type BootLayer = LayerRef | RomRef | UnpackedLayer;

/** Unpacked layers by digest. */
export class BootFiles {
  readonly #folder: string;
  readonly #unpacking = new Map<string, Promise<void>>();
  /** Number of callers of {@link withUnpacked} per file; no record may name the file yet. */
  readonly #holdCounts = new Map<string, number>();
  #removing: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Path of the unpacked layer, whether or not it exists yet. */
  pathOf(layerDigest: string): string {
    return path.join(this.#folder, layerDigest.replace(":", "-"));
  }

  /**
   * Unpacks the layers that are not unpacked yet, then runs `work`, which saves the record that uses them. The files are
   * not removed until `work` has returned. Concurrent callers share the unpacking. Throws what `extractLayer` and `work`
   * throw.
   */
  async withUnpacked<T>(layers: readonly BootLayer[], work: () => T): Promise<T> {
    const files = layers.map((layer) => this.pathOf(layer.digest));
    for (const file of files) this.#holdCounts.set(file, (this.#holdCounts.get(file) ?? 0) + 1);
    try {
      await this.#removing; // it may be removing one of these files
      for (const layer of layers) await this.#unpackOnce(layer);
      return work();
    } finally {
      for (const file of files) this.#holdCounts.set(file, (this.#holdCounts.get(file) ?? 1) - 1);
    }
  }

  /**
   * Removes every file that no instance boots from. Calls `records` before each removal, because instances change
   * meanwhile.
   */
  async removeUnused(records: () => Iterable<InstanceRecord>): Promise<void> {
    const names = await fs.readdir(this.#folder).catch(() => []);
    for (const file of names.map((name) => path.join(this.#folder, name))) {
      if (this.#isNeeded(file, records())) continue;
      const removal = fs.rm(file, { force: true });
      this.#removing = Promise.allSettled([this.#removing, removal]);
      await removal;
    }
  }

  #isNeeded(file: string, records: Iterable<InstanceRecord>): boolean {
    const needed = [...this.#holdCounts.keys()].filter((held) => (this.#holdCounts.get(held) ?? 0) > 0);
    // A layer that is being unpacked has a temporary name that begins with its final name.
    if (needed.some((one) => file === one || file.startsWith(`${one}.`))) return true;
    return [...records].some((record) => bootLayerDigests(record).some((digest) => this.pathOf(digest) === file));
  }

  async #unpackOnce(layer: BootLayer): Promise<void> {
    const file = this.pathOf(layer.digest);
    if (!("blob" in layer)) return await fs.access(file);
    const unpacking = this.#unpacking.get(file) ?? this.#unpack(layer, file);
    this.#unpacking.set(file, unpacking);
    try {
      await unpacking;
    } finally {
      this.#unpacking.delete(file);
    }
  }

  async #unpack(layer: LayerRef | RomRef, file: string): Promise<void> {
    const present = await fs.stat(file).then(
      () => true,
      () => false,
    );
    if (present) return;
    await fs.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    if ("entry" in layer) await extractLayer(layer, file);
    else await copyAtomically(layer.blob, file);
  }
}

/** Throws file system errors. */
async function copyAtomically(source: string, file: string): Promise<void> {
  const temporary = `${file}.${crypto.randomUUID()}`;
  try {
    await fs.copyFile(source, temporary, fs.constants.COPYFILE_FICLONE);
    await fs.rename(temporary, file);
  } finally {
    await fs.rm(temporary, { force: true });
  }
}

function toVmRom({ at, image, files = [] }: RomRecord, boot: BootFiles): VmRom {
  if (image !== undefined) return { at, archive: boot.pathOf(image.initrdDigest) };
  return { at, files: new Map(files.map((file) => [file.path.replace(/^\//, ""), decodeInlineFile(file)])) };
}

/** The VM specification of an instance. Equal for equal records, so that a running VM can be compared with it. */
export function toVmSpec(record: InstanceRecord, paths: LocalPaths, boot: BootFiles): VmSpec {
  const { definition } = record;
  const { policy = "off", stateful } = definition.scaleToZero ?? {};
  return {
    uuid: record.uuid,
    hostname: definition.hostname ?? record.name,
    kernel: boot.pathOf(definition.kernelDigest),
    initrd: definition.initrdDigest === undefined ? undefined : boot.pathOf(definition.initrdDigest),
    args: definition.args,
    env: { ...definition.imageEnv, ...definition.env },
    memoryMb: definition.memoryMb,
    vcpus: definition.vcpus,
    network: vmNetworkOf(DEFAULT_NETWORK, networkInterfacesOf(record).map(toVmInterface)),
    disks: record.volumes.map(({ volumeUuid, at, readonly }) => ({
      file: volumeDiskPath(paths, volumeUuid),
      at,
      readonly,
    })),
    roms: definition.roms.map((rom) => toVmRom(rom, boot)),
    annotations: definition.annotations,
    isSavable: policy !== "off" && stateful === true,
  };
}
