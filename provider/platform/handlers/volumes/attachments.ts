/** Attaches volumes to, and detaches them from, existing instances. */
import { type Selector, findBySelector } from "../../lookup";
import type { BodyOf } from "../../../contract/routes";
import { assertNotManaged } from "../../autoscale/managedInstances";
import type { Instance } from "../../instances/instance";
import type { Registry } from "../../registry";
import { ApiItemError } from "../../errors";
import type { VolumeRecord } from "../../store/volumes";
import { resolveAttachment } from "../../volumes/preconditions";
import { updateVolume } from "../../volumes/save";
import type { Handlers } from "../handler";
import { mapItems } from "../items";

/** Handlers of `/v1/volumes/attach` and `/v1/volumes/detach`. */
export function attachmentHandlers(registry: Registry): Pick<Handlers, "attachVolumes" | "detachVolumes"> {
  const { log } = registry.parts;
  const findVolume = (selector: Selector): VolumeRecord =>
    findBySelector(registry.volumes.values(), (volume) => volume, "volume", selector);
  const findAttachTarget = (selector: Selector): Instance => {
    const visible = [...registry.instances.values()].filter((instance) => !instance.isBeingDeleted);
    return findBySelector(visible, (instance) => instance.record, "instance", selector);
  };
  const toSuccessItem = ({ uuid, name }: VolumeRecord) => ({ status: "success" as const, uuid, name });

  /** Checks and attaches synchronously, so that of two concurrent requests for one volume the second fails. */
  function attach(entry: BodyOf<"attachVolumes">[number]) {
    const volume = findVolume(entry);
    const instance = findAttachTarget(entry.attach_to);
    assertNotManaged(registry, instance.record);
    instance.attachVolume(resolveAttachment(registry, volume, entry, instance.record.volumes));
    return toSuccessItem(volume);
  }

  /**
   * Detaches at once, or from a running instance when it stops. An inline volume is no longer deleted with its
   * instance.
   */
  function detach(entry: BodyOf<"detachVolumes">[number]) {
    const volume = findVolume(entry);
    const from = entry.from === undefined ? undefined : findAttachTarget(entry.from);
    const users = registry
      .instancesUsingVolume(volume.uuid)
      .filter((instance) => from === undefined || instance === from);
    if (users.length === 0) {
      const place = from === undefined ? "any instance" : `instance '${from.record.name}'`;
      throw new ApiItemError("NotAttached", `Volume '${volume.name}' is not attached to ${place}`);
    }
    for (const instance of users) assertNotManaged(registry, instance.record);
    const updated = updateVolume(registry, volume, { persistent: true });
    for (const instance of users) instance.detachVolume(volume.uuid);
    return toSuccessItem(updated);
  }

  return {
    attachVolumes: async ({ body }) => ({ items: await mapItems(body, log, attach) }),
    detachVolumes: async ({ body }) => ({ items: await mapItems(body, log, detach) }),
  };
}
