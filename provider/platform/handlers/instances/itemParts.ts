/** Parts of an instance as the API shows them. */

import { toRfc3339 } from "../../../base/clock";
import { canonicalImageUrl } from "../../../contract/imageUrl";
import { omitUndefined } from "../../../base/objects";
import { nextOccurrence, parseCalendar } from "../../instances/schedule/calendar";
import type { Registry } from "../../registry";
import {
  resolvedImage,
  type InstanceDefinition,
  type QueuedUpdate,
  type RomRecord,
  romRecord,
} from "../../store/instances";

/** A ROM: an image in its canonical form, files as they were given. */
export const romItem = ({ name, at, image, files }: RomRecord) =>
  omitUndefined({
    name,
    at,
    image: image && canonicalImageUrl(image.repository, image.digest),
    files: files?.map((file) => ({ ...file })),
  });

/** Instances that come first; of one that is gone only the uuid is left. */
export const dependencyItems = (registry: Registry, uuids: readonly string[]) =>
  uuids.map((uuid) => omitUndefined({ uuid, name: registry.instances.get(uuid)?.record.name }));

/** A schedule, with the next time it is due. */
export function scheduleItem(schedule: InstanceDefinition["schedules"][number]) {
  const next = nextOccurrence(parseCalendar(schedule.when), Date.now());
  return omitUndefined({ ...schedule, next_at: next === undefined ? undefined : toRfc3339(next) });
}

/** A change that waits or failed: its value as the instance would show it. */
export function updateItem({ prop, op, value, status, error }: QueuedUpdate) {
  return omitUndefined({ prop, op, value: encodeUpdateValue(prop, value), status, error });
}

function encodeUpdateValue(prop: QueuedUpdate["prop"], value: unknown): unknown {
  if (prop === "image") {
    const image = resolvedImage.safeParse(value);
    return image.success ? canonicalImageUrl(image.data.repository, image.data.digest) : undefined;
  }
  if (prop === "roms") {
    const roms = romRecord.array().safeParse(value);
    return roms.success ? roms.data.map(romItem) : value;
  }
  if (prop === "dependencies" && Array.isArray(value)) return value.map((uuid: unknown) => ({ uuid }));
  return value;
}
