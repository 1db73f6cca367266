/**
 * What a VM boots from. Kernels and initrds are unpacked once per layer digest and kept as long as an instance uses
 * them, so that an instance can be started again after its image was removed from the layout.
 */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { LocalPaths } from "../../base/localPaths";
import { extractLayer, type LayerRef } from "../../image/oci/layer";
import type { InstanceRecord } from "../state/instances";
import type { VmSpec } from "../vmm/vmm";

/** Unpacked layers by digest. */
export class BootFiles {
  readonly #folder: string;
  readonly #unpacking = new Map<string, Promise<void>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Where the one file of a layer is or will be. */
  path(layerDigest: string): string {
    return path.join(this.#folder, layerDigest.replace(":", "-"));
  }

  /** Unpacks a layer unless that was done; callers at the same time share the work. Throws as `extractLayer` does. */
  async unpack(layer: LayerRef): Promise<void> {
    const file = this.path(layer.digest);
    const unpacking = this.#unpacking.get(file) ?? this.#unpack(layer, file);
    this.#unpacking.set(file, unpacking);
    try {
      await unpacking;
    } finally {
      this.#unpacking.delete(file);
    }
  }

  /** Removes every file that no instance boots from. */
  async keepOnly(records: Iterable<InstanceRecord>): Promise<void> {
    const kept = new Set(this.#unpacking.keys());
    for (const { definition } of records) {
      kept.add(this.path(definition.kernelDigest));
      if (definition.initrdDigest !== undefined) kept.add(this.path(definition.initrdDigest));
    }
    const names = await fs.readdir(this.#folder).catch(() => []);
    for (const file of names.map((name) => path.join(this.#folder, name))) {
      if (!kept.has(file) && ![...kept].some((one) => file.startsWith(`${one}.`))) await fs.rm(file, { force: true });
    }
  }

  async #unpack(layer: LayerRef, file: string): Promise<void> {
    if (
      await fs.stat(file).then(
        () => true,
        () => false,
      )
    )
      return;
    await fs.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await extractLayer(layer, file);
  }
}

/** Path of a volume's disk. */
export const volumeFile = (paths: LocalPaths, uuid: string): string => path.join(paths.volumes, `${uuid}.ext4`);

/** The VM of an instance; equal for equal records, so that a running VM can be recognised by it. */
export function vmSpec(record: InstanceRecord, paths: LocalPaths, boot: BootFiles): VmSpec {
  const { definition } = record;
  return {
    uuid: record.uuid,
    hostname: record.name,
    kernel: boot.path(definition.kernelDigest),
    initrd: definition.initrdDigest === undefined ? undefined : boot.path(definition.initrdDigest),
    args: definition.args,
    env: { ...definition.imageEnv, ...definition.env },
    memoryMb: definition.memoryMb,
    vcpus: definition.vcpus,
    disks: record.volumes.map(({ volumeUuid, at, readonly }) => ({
      file: volumeFile(paths, volumeUuid),
      at,
      readonly,
    })),
  };
}
