/** What a volume takes of the quota, and what is free on it. Read synchronously: a few hundred bytes of local files. */
import * as fs from "node:fs";
import type { LocalPaths } from "../../base/localPaths";
import { volumeDiskPath } from "./diskPath";
import type { VolumeRecord } from "../store/volumes";
import { MIB } from "./diskSpace";
import { parseFreeMb, SUPERBLOCK } from "./superblock";

/** Unit of `st_blocks`, whatever the file system. Source: stat(2). */
const BLOCK_BYTES = 512;

/** MiB that a volume takes of the quota: its whole size, or, under the policy `dynamic`, what its disk takes by now. */
export function quotaUsageMb(paths: LocalPaths, volume: VolumeRecord): number {
  return volume.quotaPolicy === "static" ? (volume.growsToMb ?? volume.sizeMb) : allocatedMb(paths, volume.uuid);
}

/** MiB that a volume's sparse disk takes by now. */
export function allocatedMb(paths: LocalPaths, volumeUuid: string): number {
  const blocks = fs.statSync(volumeDiskPath(paths, volumeUuid), { throwIfNoEntry: false })?.blocks ?? 0;
  return Math.ceil((blocks * BLOCK_BYTES) / MIB);
}

/** MiB that are free in the file system; `undefined` when the disk does not say, as while it is being made. */
export function freeSpaceMb(paths: LocalPaths, { uuid }: VolumeRecord): number | undefined {
  const bytes = Buffer.alloc(SUPERBLOCK.length);
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(volumeDiskPath(paths, uuid), "r");
    fs.readSync(descriptor, bytes, 0, bytes.length, SUPERBLOCK.offset);
    return parseFreeMb(bytes);
  } catch {
    return undefined; // a disk that cannot be read is no reason to show nothing of its volume
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}
