/** Volume templates: immutable volumes that others are created from. */
import { type Selector, findBySelector, readItems } from "../../lookup";
import type { BodyOf } from "../../../contract/routes";
import type { Registry } from "../../registry";
import type { VolumeRecord } from "../../store/volumes";
import { assertNotAttached, assertNotBusy, assertRemovable } from "../../volumes/preconditions";
import { updateVolume, removeVolume } from "../../volumes/save";
import { resolveVolumePatch } from "../../volumes/patch";
import type { Handlers } from "../handler";
import { mapItems } from "../items";
import { volumeItem } from "./item";

type TemplateRoutes = "createVolumeTemplates" | "getVolumeTemplates" | "patchVolumeTemplates" | "deleteVolumeTemplates";

/** Handlers of `/v1/volumes/templates`. */
export function volumeTemplateHandlers(registry: Registry): Pick<Handlers, TemplateRoutes> {
  const { log } = registry.parts;
  const identityOf = (volume: VolumeRecord) => volume;
  const all = (): VolumeRecord[] => [...registry.volumes.values()].filter(({ state }) => state === "template");
  const findVolumeTemplate = (selector: Selector): VolumeRecord =>
    findBySelector(all(), identityOf, "volume template", selector);

  function convert(volume: VolumeRecord) {
    if (volume.state !== "template") {
      assertNotAttached(registry, volume);
      assertNotBusy(registry, volume);
    }
    const { uuid, name, state } = updateVolume(registry, volume, { state: "template", persistent: true });
    return { status: "success" as const, uuid, name, state };
  }

  function patch(change: BodyOf<"patchVolumeTemplates">[number]) {
    const template = findVolumeTemplate(change);
    const changed = updateVolume(registry, template, resolveVolumePatch(template, change));
    return { ...volumeItem(registry, changed), ...(change.id === undefined ? {} : { id: change.id }) };
  }

  async function remove(template: VolumeRecord) {
    assertRemovable(registry, template);
    await removeVolume(registry, template);
    return { status: "success" as const, uuid: template.uuid, name: template.name };
  }

  return {
    createVolumeTemplates: async ({ body }) => ({
      items: await mapItems(body, log, (selector) =>
        convert(findBySelector(registry.volumes.values(), identityOf, "volume", selector)),
      ),
    }),
    getVolumeTemplates: async (request) => {
      const { tags = [] } = request.query;
      const isListed = (template: VolumeRecord): boolean => tags.every((tag) => template.tags.includes(tag));
      const toItem = (template: VolumeRecord) => volumeItem(registry, template);
      return { items: readItems(request, log, all(), identityOf, "volume template", toItem, isListed) };
    },
    patchVolumeTemplates: async ({ body }) => ({ items: await mapItems(body, log, patch) }),
    deleteVolumeTemplates: async ({ body }) => ({
      items: await mapItems(body, log, (selector) => remove(findVolumeTemplate(selector))),
    }),
  };
}
