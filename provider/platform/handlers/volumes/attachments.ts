/** Volumes that come to and leave instances which exist. */
import type { BodyOf } from "../../../contract/routes";
import { refuseManaged } from "../../autoscale/managedInstances";
import type { InstanceActor } from "../../instances/actor";
import type { Platform } from "../../registry";
import { Refusal } from "../../errors";
import type { VolumeRecord } from "../../store/volumes";
import { checkedAttachment } from "../../volumes/attachments";
import { changeVolume } from "../../volumes/save";
import type { Handlers, Selector } from "../request";
import { eachItem, find } from "../items";

/** Handlers of `/v1/volumes/attach` and `/v1/volumes/detach`. */
export function attachmentHandlers(platform: Platform): Pick<Handlers, "attachVolumes" | "detachVolumes"> {
  const { log } = platform.parts;
  const volumeNamed = (selector: Selector): VolumeRecord =>
    find(platform.volumes.values(), (volume) => volume, "volume", selector);
  const instanceNamed = (selector: Selector): InstanceActor => {
    const visible = [...platform.instances.values()].filter((actor) => !actor.isBeingDeleted);
    return find(visible, (actor) => actor.record, "instance", selector);
  };
  const done = ({ uuid, name }: VolumeRecord) => ({ status: "success" as const, uuid, name });

  /** Without a pause between judging and doing: of two that want the same volume, the second is refused. */
  function attach(entry: BodyOf<"attachVolumes">[number]) {
    const volume = volumeNamed(entry);
    const actor = instanceNamed(entry.attach_to);
    refuseManaged(platform, actor.record);
    actor.attachVolume(checkedAttachment(platform, volume, entry, actor.record.volumes));
    return done(volume);
  }

  /** A volume that came with an instance stays from here on; it leaves a running one when that stops. */
  function detach(entry: BodyOf<"detachVolumes">[number]) {
    const volume = volumeNamed(entry);
    const from = entry.from === undefined ? undefined : instanceNamed(entry.from);
    const users = platform.usersOf(volume.uuid).filter((actor) => from === undefined || actor === from);
    if (users.length === 0) {
      const place = from === undefined ? "any instance" : `instance '${from.record.name}'`;
      throw new Refusal("NotAttached", `Volume '${volume.name}' is not attached to ${place}`);
    }
    for (const actor of users) refuseManaged(platform, actor.record);
    const kept = changeVolume(platform, volume, { persistent: true });
    for (const actor of users) actor.detachVolume(volume.uuid);
    return done(kept);
  }

  return {
    attachVolumes: async ({ body }) => ({ items: await eachItem(body, log, attach) }),
    detachVolumes: async ({ body }) => ({ items: await eachItem(body, log, detach) }),
  };
}
