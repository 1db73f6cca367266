/** Volumes: ext4 disks that outlive instances. */
import type { BodyOf } from "../../../contract/routes";
import type { Platform } from "../../registry";
import { enforceQuota } from "../../quota";
import type { VolumeRecord } from "../../store/volumes";
import { Turn } from "../../../base/mutex";
import { cloneVolume } from "../../volumes/clone";
import { createVolume } from "../../volumes/create";
import { growVolume } from "../../volumes/grow";
import { refuseRemoval, refuseTemplate } from "../../volumes/preconditions";
import { changeVolume, removeVolume } from "../../volumes/save";
import { volumePatch } from "../../volumes/patch";
import { countedMb } from "../../volumes/usage";
import type { Handlers, Selector } from "../request";
import { eachItem, find, readItems } from "../items";
import { stateOf, volumeItem } from "./item";

type VolumeRoutes = "createVolume" | "getVolumes" | "patchVolumes" | "deleteVolumes" | "cloneVolumes";

/** Handlers of `/v1/volumes`. A create answers when the volume is `available`, a clone when it has begun. */
export function volumeHandlers(platform: Platform): Pick<Handlers, VolumeRoutes> {
  const { log, paths } = platform.parts;
  const facts = (volume: VolumeRecord) => volume;
  const all = (): VolumeRecord[] => [...platform.volumes.values()];
  const named = (selector: Selector): VolumeRecord => find(all(), facts, "volume", selector);

  async function patch(change: BodyOf<"patchVolumes">[number]) {
    const volume = named(change);
    refuseTemplate(volume);
    const { sizeMb, ...options } = volumePatch(volume, change);
    if (sizeMb !== undefined && sizeMb > volume.sizeMb) await growVolume(platform, volume, sizeMb);
    const more = countedMb(paths, { ...volume, ...options }) - countedMb(paths, volume);
    enforceQuota(platform, { total_volume_mb: more });
    const changed = changeVolume(platform, volume, options);
    return { ...volumeItem(platform, changed), ...(change.id === undefined ? {} : { id: change.id }) };
  }

  async function remove(volume: VolumeRecord) {
    refuseTemplate(volume);
    refuseRemoval(platform, volume);
    await removeVolume(platform, volume);
    return { status: "success" as const, uuid: volume.uuid, name: volume.name };
  }

  function clone(entry: BodyOf<"cloneVolumes">[number]) {
    const { vol_name, quota_policy, tags, access_mode } = entry;
    const volume = cloneVolume(platform, named(entry), { vol_name, quota_policy, tags, access_mode });
    return { status: "success" as const, uuid: volume.uuid, name: volume.name, state: stateOf(platform, volume) };
  }

  return {
    createVolume: async ({ body }) => ({
      items: await eachItem([body], log, async () =>
        volumeItem(platform, await createVolume(platform, body, { persistent: true })),
      ),
    }),

    // Templates have a listing of their own; who names one here gets it.
    getVolumes: async (request) => {
      const { tags = [] } = request.query;
      const isListed = (volume: VolumeRecord): boolean =>
        tags.every((tag) => volume.tags.includes(tag)) && (volume.state !== "template" || request.selectors.length > 0);
      const toItem = (volume: VolumeRecord) => volumeItem(platform, volume);
      return { items: await readItems(request, log, all(), facts, "volume", toItem, isListed) };
    },

    // Triples of one volume build on one another.
    patchVolumes: async ({ body }) => {
      const turn = new Turn();
      return { items: await eachItem(body, log, (change) => turn.take(() => patch(change))) };
    },

    deleteVolumes: async ({ body }) => ({
      items: await eachItem(body, log, (selector) => remove(named(selector))),
    }),

    cloneVolumes: async ({ body }) => ({ items: await eachItem(body, log, clone) }),
  };
}
