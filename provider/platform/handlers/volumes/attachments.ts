/** Volumes that come to and leave instances which exist. */
import type { BodyOf } from "../../../contract/routes";
import { assertNotManaged } from "../../autoscale/managedInstances";
import type { InstanceActor } from "../../instances/actor";
import type { Registry } from "../../registry";
import { ApiItemError } from "../../errors";
import type { VolumeRecord } from "../../store/volumes";
import { resolveAttachment } from "../../volumes/preconditions";
import { updateVolume } from "../../volumes/save";
import type { Handlers, Selector } from "../handler";
import { mapItems, findBySelector } from "../items";

/** Handlers of `/v1/volumes/attach` and `/v1/volumes/detach`. */
export function attachmentHandlers(registry: Registry): Pick<Handlers, "attachVolumes" | "detachVolumes"> {
  const { log } = registry.parts;
  const findVolume = (selector: Selector): VolumeRecord =>
    findBySelector(registry.volumes.values(), (volume) => volume, "volume", selector);
  const findAttachTarget = (selector: Selector): InstanceActor => {
    const visible = [...registry.instances.values()].filter((actor) => !actor.isBeingDeleted);
    return findBySelector(visible, (actor) => actor.record, "instance", selector);
  };
  const toSuccessItem = ({ uuid, name }: VolumeRecord) => ({ status: "success" as const, uuid, name });

  /** Without a pause between judging and doing: of two that want the same volume, the second is refused. */
  function attach(entry: BodyOf<"attachVolumes">[number]) {
    const volume = findVolume(entry);
    const actor = findAttachTarget(entry.attach_to);
    assertNotManaged(registry, actor.record);
    actor.attachVolume(resolveAttachment(registry, volume, entry, actor.record.volumes));
    return toSuccessItem(volume);
  }

  /** A volume that came with an instance stays from here on; it leaves a running one when that stops. */
  function detach(entry: BodyOf<"detachVolumes">[number]) {
    const volume = findVolume(entry);
    const from = entry.from === undefined ? undefined : findAttachTarget(entry.from);
    const users = registry.instancesUsingVolume(volume.uuid).filter((actor) => from === undefined || actor === from);
    if (users.length === 0) {
      const place = from === undefined ? "any instance" : `instance '${from.record.name}'`;
      throw new ApiItemError("NotAttached", `Volume '${volume.name}' is not attached to ${place}`);
    }
    for (const actor of users) assertNotManaged(registry, actor.record);
    const kept = updateVolume(registry, volume, { persistent: true });
    for (const actor of users) actor.detachVolume(volume.uuid);
    return toSuccessItem(kept);
  }

  return {
    attachVolumes: async ({ body }) => ({ items: await mapItems(body, log, attach) }),
    detachVolumes: async ({ body }) => ({ items: await mapItems(body, log, detach) }),
  };
}
