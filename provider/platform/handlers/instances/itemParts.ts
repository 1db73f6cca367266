/** Parts of an instance as the API reports them. */

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

/** A ROM: its image with a canonical URL, its files as in the request. */
export const romItem = ({ name, at, image, files }: RomRecord) =>
  omitUndefined({
    name,
    at,
    image: image && canonicalImageUrl(image.repository, image.digest),
    files: files?.map((file) => ({ ...file })),
  });

/** Dependencies. One that no longer exists has only a uuid. */
export const dependencyItems = (registry: Registry, uuids: readonly string[]) =>
  uuids.map((uuid) => omitUndefined({ uuid, name: registry.instances.get(uuid)?.record.name }));

/** A schedule with the next time at which it is due. */
export function scheduleItem(schedule: InstanceDefinition["schedules"][number]) {
  const next = nextOccurrence(parseCalendar(schedule.when), Date.now());
  return omitUndefined({ ...schedule, next_at: next === undefined ? undefined : toRfc3339(next) });
}

/** A queued or failed change, with its value in the form that the instance would report. */
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
