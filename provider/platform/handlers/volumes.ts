/** Volumes: ext4 disks that outlive instances. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as z from "zod";
import { volumeFile } from "../instance/boot";
import { uniqueName } from "../names";
import type { Platform } from "../platform";
import { enforceQuota, enforceRange, LIMITS } from "../quota";
import { Refusal } from "../refusal";
import { deleteVolume, saveVolume, type VolumeRecord } from "../state/volumes";
import { growDisk, makeDisk } from "../volume/disk";
import type { Handlers } from "./request";
import { eachItem, find, readItems, timeText } from "./select";

type VolumeRoutes = "createVolume" | "getVolumes" | "patchVolumes" | "deleteVolumes";

/** Handlers of `/v1/volumes`. */
export function volumeHandlers(platform: Platform): Pick<Handlers, VolumeRoutes> {
  const { log, database, paths } = platform.parts;
  const all = (): VolumeRecord[] => [...platform.volumes.values()];
  const facts = (volume: VolumeRecord) => volume;
  const keep = (volume: VolumeRecord): void => {
    saveVolume(database, volume);
    platform.volumes.set(volume.uuid, volume);
  };

  async function create(body: Parameters<Handlers["createVolume"]>[0]["body"]) {
    const taken = (name: string): boolean => all().some((volume) => volume.name === name);
    const name = body.name ?? uniqueName("vol", taken);
    if (name.includes("/")) throw new Refusal("Invalid", `'${name}' is not a name: it contains '/'`);
    if (taken(name)) throw new Refusal("AlreadyExists", `A volume with the name '${name}' already exists`);
    const size_mb = body.size_mb ?? 0;
    enforceRange("size_mb", size_mb, LIMITS.min_volume_mb, LIMITS.max_volume_mb);
    enforceQuota(platform, { volumes: 1, total_volume_mb: size_mb });
    const volume: VolumeRecord = {
      uuid: crypto.randomUUID(),
      name,
      createdAt: Date.now(),
      sizeMb: size_mb,
      state: "initializing",
    };
    keep(volume);
    try {
      await makeDisk(volumeFile(paths, volume.uuid), volume.sizeMb);
    } catch (error) {
      deleteVolume(database, volume.uuid);
      platform.volumes.delete(volume.uuid);
      throw error;
    }
    keep({ ...volume, state: "available" });
    log.write("volume.created", { uuid: volume.uuid, name, size_mb: volume.sizeMb });
    return volumeItem(platform, { ...volume, state: "available" });
  }

  async function patch(change: Parameters<Handlers["patchVolumes"]>[0]["body"][number]) {
    const volume = find(all(), facts, "volume", change);
    const size = z.int().safeParse(change.value);
    if (change.op !== "set" || !size.success) throw new Refusal("Invalid", "'size_mb' can only be set, to an integer");
    const sizeMb = size.data;
    enforceRange("size_mb", sizeMb, LIMITS.min_volume_mb, LIMITS.max_volume_mb);
    if (sizeMb < volume.sizeMb) {
      throw new Refusal(
        "Invalid",
        `Volume '${volume.name}' has ${volume.sizeMb} MiB and cannot shrink to ${sizeMb} MiB`,
      );
    }
    if (sizeMb > volume.sizeMb) {
      const mounted = platform.usersOf(volume.uuid).find((actor) => actor.state !== "stopped");
      if (mounted !== undefined) {
        throw new Refusal(
          "Attached",
          `Volume '${volume.name}' can only grow while it is not mounted; stop instance '${mounted.record.name}' first`,
        );
      }
      if (volume.state !== "available")
        throw new Refusal("FailedOperation", `Volume '${volume.name}' is ${volume.state}`);
      enforceQuota(platform, { total_volume_mb: sizeMb - volume.sizeMb });
      keep({ ...volume, state: "busy" });
      try {
        await platform.workOnDisk(volume.uuid, () => growDisk(volumeFile(paths, volume.uuid), sizeMb));
      } catch (error) {
        keep(volume);
        throw error;
      }
      keep({ ...volume, sizeMb });
    }
    const id = change.id === undefined ? {} : { id: change.id };
    return { ...volumeItem(platform, { ...volume, sizeMb }), ...id };
  }

  async function remove(volume: VolumeRecord) {
    const users = platform.usersOf(volume.uuid);
    if (users.length > 0) {
      const names = users.map((actor) => `'${actor.record.name}'`).join(", ");
      throw new Refusal("Attached", `Volume '${volume.name}' is attached to ${names}`);
    }
    if (volume.state !== "available")
      throw new Refusal("FailedOperation", `Volume '${volume.name}' is ${volume.state}`);
    // The record goes first: a disk without one is a leftover, which the next daemon removes; the reverse would be a
    // volume that cannot be used.
    deleteVolume(database, volume.uuid);
    platform.volumes.delete(volume.uuid);
    log.write("volume.deleted", { uuid: volume.uuid, name: volume.name });
    await fs.rm(volumeFile(paths, volume.uuid), { force: true }).catch((error: unknown) => {
      log.write("volume.disk-left", {
        uuid: volume.uuid,
        reason: error instanceof Error ? error.message : String(error),
      });
    });
    return { status: "success" as const, uuid: volume.uuid, name: volume.name };
  }

  return {
    createVolume: async ({ body }) => ({ items: await eachItem([body], log, () => create(body)) }),
    getVolumes: async (request) => {
      const tags = request.query.tags ?? [];
      const volumes = tags.length === 0 ? all() : []; // volumes carry no tags here
      return {
        items: await readItems(request, log, volumes, facts, "volume", (volume) => volumeItem(platform, volume)),
      };
    },
    patchVolumes: async ({ body }) => ({ items: await eachItem(body, log, patch) }),
    deleteVolumes: async ({ body }) => ({
      items: await eachItem(body, log, (selector) => remove(find(all(), facts, "volume", selector))),
    }),
  };
}

function volumeItem(platform: Platform, volume: VolumeRecord) {
  const users = platform.usersOf(volume.uuid);
  const mounted = users.filter((actor) => actor.state !== "stopped");
  const named = (actors: typeof users) => actors.map(({ record: { uuid, name } }) => ({ uuid, name }));
  const inUse = mounted.length > 0 ? "mounted" : users.length > 0 ? "idle" : "available";
  return {
    status: "success" as const,
    uuid: volume.uuid,
    name: volume.name,
    created_at: timeText(volume.createdAt),
    state: volume.state === "available" ? (inUse as "mounted" | "idle" | "available") : volume.state,
    size_mb: volume.sizeMb,
    persistent: true,
    filesystem: "ext4",
    access_mode: "rwo",
    attached_to: named(users),
    mounted_by: named(mounted),
  };
}
