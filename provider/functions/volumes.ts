/** Functions about volumes. */
import * as z from "zod";
import { onlyItem } from "../client/client";
import { listAll } from "../client/pagination";
import { field, objectType } from "../definition/resource";
import type { VolumeItem } from "../contract/models";
import { withoutMarks } from "../resources/common/ownershipMark";
import { defineFunction } from "./function";
import { selectorRule, hasNamePrefix, namePrefixFilter, selectorFields, toSelectorQuery, tagsFilter } from "./filters";
import { fromWire } from "./fromWire";

const volumeFields = {
  uuid: field(z.string(), { description: "UUID." }),
  name: field(z.string(), { description: "Name." }),
  state: field(z.string().optional(), { description: "State, such as `available` or `mounted`." }),
  createdAt: field(z.string().optional(), { description: "Creation time, RFC 3339." }),
  sizeMb: field(z.int().optional(), { description: "Size in MiB." }),
  freeMb: field(z.int().optional(), { description: "Free space in MiB; absent if the API does not report it." }),
  persistent: field(z.boolean().default(true), {
    description: "False for a volume that is deleted with its instance.",
  }),
  filesystem: field(z.string().optional(), { description: "File system, such as `ext4`." }),
  accessMode: field(z.string().optional(), { description: "`rwo`, `rox` or `rwx`." }),
  quotaPolicy: field(z.string().optional(), { description: "`static` or `dynamic`." }),
  tags: field(z.array(z.string()).default([]), { description: "Tags." }),
  deleteLock: field(z.boolean().default(false), { description: "True if the volume is locked against deletion." }),
  attachedTo: field(
    z.array(
      objectType(
        "VolumeUser",
        "An instance that a volume is attached to.",
        z.object({
          uuid: field(z.string(), { description: "UUID." }),
          name: field(z.string().optional(), { description: "Name." }),
        }),
      ),
    ),
    { description: "Instances that the volume is attached to." },
  ),
};
const volumeResult = z.object(volumeFields);

const toVolumeResult = (item: VolumeItem): z.output<typeof volumeResult> =>
  fromWire(volumeResult, {
    ...item,
    tags: withoutMarks(item.tags ?? []),
    attached_to: item.attached_to ?? [],
  });

/** Looks up one volume. */
export const getVolume = defineFunction({
  kind: "getVolume",
  description: "Looks up a volume, managed by Pulumi or not.",
  inputs: z.strictObject(selectorFields("volume")),
  outputs: volumeResult,
  rules: [selectorRule],
  run: async ({ client, metro }, inputs) => {
    const reply = await client.getVolumes({ query: toSelectorQuery(inputs) });
    return toVolumeResult(onlyItem(reply, `Reading volume '${inputs.uuid ?? inputs.name ?? ""}' in metro '${metro}'`));
  },
});

/** Lists the volumes that match the filters. */
export const getVolumes = defineFunction({
  kind: "getVolumes",
  description: "Lists the volumes of the account in this metro, oldest first, without templates.",
  inputs: z.strictObject({ ...tagsFilter("volumes"), ...namePrefixFilter("volumes") }),
  outputs: z.object({
    volumes: field(z.array(objectType("VolumeInfo", "A volume as the API reports it.", z.object(volumeFields))), {
      description: "Volumes, oldest first.",
    }),
  }),
  run: async ({ client }, { tags, namePrefix }) => {
    const found = await listAll(client.getVolumes, tags === undefined ? {} : { tags: [...tags] });
    return { volumes: found.map(toVolumeResult).filter(hasNamePrefix(namePrefix)) };
  },
});
