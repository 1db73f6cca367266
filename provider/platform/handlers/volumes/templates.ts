/** Volume templates: volumes that never change again, and that others are made from. */
import type { BodyOf } from "../../../contract/routes";
import type { Platform } from "../../registry";
import type { VolumeRecord } from "../../store/volumes";
import { refuseAttached, refuseBusy, refuseRemoval } from "../../volumes/preconditions";
import { changeVolume, removeVolume } from "../../volumes/save";
import { volumePatch } from "../../volumes/patch";
import type { Handlers, Selector } from "../request";
import { eachItem, find, readItems } from "../items";
import { volumeItem } from "./item";

type TemplateRoutes = "createVolumeTemplates" | "getVolumeTemplates" | "patchVolumeTemplates" | "deleteVolumeTemplates";

/** Handlers of `/v1/volumes/templates`. */
export function volumeTemplateHandlers(platform: Platform): Pick<Handlers, TemplateRoutes> {
  const { log } = platform.parts;
  const facts = (volume: VolumeRecord) => volume;
  const all = (): VolumeRecord[] => [...platform.volumes.values()].filter(({ state }) => state === "template");
  const named = (selector: Selector): VolumeRecord => find(all(), facts, "volume template", selector);

  function convert(volume: VolumeRecord) {
    if (volume.state !== "template") {
      refuseAttached(platform, volume);
      refuseBusy(platform, volume);
    }
    const { uuid, name, state } = changeVolume(platform, volume, { state: "template", persistent: true });
    return { status: "success" as const, uuid, name, state };
  }

  function patch(change: BodyOf<"patchVolumeTemplates">[number]) {
    const template = named(change);
    const changed = changeVolume(platform, template, volumePatch(template, change));
    return { ...volumeItem(platform, changed), ...(change.id === undefined ? {} : { id: change.id }) };
  }

  async function remove(template: VolumeRecord) {
    refuseRemoval(platform, template);
    await removeVolume(platform, template);
    return { status: "success" as const, uuid: template.uuid, name: template.name };
  }

  return {
    createVolumeTemplates: async ({ body }) => ({
      items: await eachItem(body, log, (selector) =>
        convert(find(platform.volumes.values(), facts, "volume", selector)),
      ),
    }),
    getVolumeTemplates: async (request) => {
      const { tags = [] } = request.query;
      const isListed = (template: VolumeRecord): boolean => tags.every((tag) => template.tags.includes(tag));
      const toItem = (template: VolumeRecord) => volumeItem(platform, template);
      return { items: await readItems(request, log, all(), facts, "volume template", toItem, isListed) };
    },
    patchVolumeTemplates: async ({ body }) => ({ items: await eachItem(body, log, patch) }),
    deleteVolumeTemplates: async ({ body }) => ({
      items: await eachItem(body, log, (selector) => remove(named(selector))),
    }),
  };
}
