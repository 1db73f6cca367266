/** Parts of an instance as the API shows them. */
import { canonicalImageUrl } from "../../lookup";
import * as crypto from "node:crypto";
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

import { toRfc3339 } from "../items";

/** Uuid of an instance's only network interface: the same as long as the instance exists. */
export function interfaceUuidOf(uuid: string): string {
  const hex = crypto.createHash("sha256").update(`network interface of ${uuid}`).digest("hex");
  // Version 8 and the variant of RFC 9562: made from something, in no particular way.
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}

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
