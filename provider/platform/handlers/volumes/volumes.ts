/** Volumes: ext4 disks that outlive instances. */
import { type Selector, findBySelector, readItems } from "../../lookup";
import type { BodyOf } from "../../../contract/routes";
import type { Registry } from "../../registry";
import { assertQuota } from "../../quota/quota";
import type { VolumeRecord } from "../../store/volumes";
import { cloneVolume } from "../../volumes/clone";
import { createVolume } from "../../volumes/create";
import { growVolume } from "../../volumes/grow";
import { assertRemovable, assertNotTemplate } from "../../volumes/preconditions";
import { updateVolume, removeVolume } from "../../volumes/save";
import { resolveVolumePatch } from "../../volumes/patch";
import { quotaUsageMb } from "../../volumes/usage";
import type { Handlers } from "../handler";
import { mapItems, mapItemsInOrder } from "../items";
import { reportedVolumeState, volumeItem } from "./item";

type VolumeRoutes = "createVolume" | "getVolumes" | "patchVolumes" | "deleteVolumes" | "cloneVolumes";

/** Handlers of `/v1/volumes`. A create responds when the volume is `available`, a clone when the copy has begun. */
export function volumeHandlers(registry: Registry): Pick<Handlers, VolumeRoutes> {
  const { log, paths } = registry.parts;
  const identityOf = (volume: VolumeRecord) => volume;
  const all = (): VolumeRecord[] => [...registry.volumes.values()];
  const findVolume = (selector: Selector): VolumeRecord => findBySelector(all(), identityOf, "volume", selector);

  async function patch(change: BodyOf<"patchVolumes">[number]) {
    const volume = findVolume(change);
    assertNotTemplate(volume);
    const { sizeMb, ...options } = resolveVolumePatch(volume, change);
    if (sizeMb !== undefined && sizeMb > volume.sizeMb) await growVolume(registry, volume, sizeMb);
    const more = quotaUsageMb(paths, { ...volume, ...options }) - quotaUsageMb(paths, volume);
    assertQuota(registry, { total_volume_mb: more });
    const changed = updateVolume(registry, volume, options);
    return { ...volumeItem(registry, changed), ...(change.id === undefined ? {} : { id: change.id }) };
  }

  async function remove(volume: VolumeRecord) {
    assertNotTemplate(volume);
    assertRemovable(registry, volume);
    await removeVolume(registry, volume);
    return { status: "success" as const, uuid: volume.uuid, name: volume.name };
  }

  function clone(entry: BodyOf<"cloneVolumes">[number]) {
    const { vol_name, quota_policy, tags, access_mode } = entry;
    const volume = cloneVolume(registry, findVolume(entry), { vol_name, quota_policy, tags, access_mode });
    return {
      status: "success" as const,
      uuid: volume.uuid,
      name: volume.name,
      state: reportedVolumeState(registry, volume),
    };
  }

  return {
    createVolume: async ({ body }) => ({
      items: await mapItems([body], log, async () =>
        volumeItem(registry, await createVolume(registry, body, { persistent: true })),
      ),
    }),

    // Templates have their own listing. A read that names one gets it here too.
    getVolumes: async (request) => {
      const { tags = [] } = request.query;
      const isListed = (volume: VolumeRecord): boolean =>
        tags.every((tag) => volume.tags.includes(tag)) && (volume.state !== "template" || request.selectors.length > 0);
      const toItem = (volume: VolumeRecord) => volumeItem(registry, volume);
      return { items: readItems(request, log, all(), identityOf, "volume", toItem, isListed) };
    },

    patchVolumes: async ({ body }) => ({ items: await mapItemsInOrder(body, log, patch) }),

    deleteVolumes: async ({ body }) => ({
      items: await mapItems(body, log, (selector) => remove(findVolume(selector))),
    }),

    cloneVolumes: async ({ body }) => ({ items: await mapItems(body, log, clone) }),
  };
}
