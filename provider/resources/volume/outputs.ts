/** What a Volume reports beside its inputs. Pure. */
import * as z from "zod";
import type { VolumeItem } from "../../contract/models";
import { field, objectType } from "../../definition/resource";
import type { VolumeInputs } from "./inputs";
import { type VolumeSettings, observedSettings } from "./wire";

/** Outputs of a Volume. */
export const volumeOutputs = z.object({
  state: field(z.string(), { description: "State when last looked at, such as `available` or `mounted`." }),
  persistent: field(z.boolean(), { description: "False for a volume that goes with its instance." }),
  createdAt: field(z.string(), { description: "Creation time, RFC 3339." }),
  attachedTo: field(
    z.array(
      objectType(
        "VolumeUser",
        "An instance that has a volume attached.",
        z.object({
          uuid: field(z.string(), { description: "UUID of the instance." }),
          name: field(z.string(), { description: "Name of the instance." }),
        }),
      ),
    ),
    { description: "The instances that had it attached when last looked at." },
  ),
  mountedBy: field(
    z.array(
      objectType(
        "VolumeMounter",
        "An instance that uses a volume.",
        z.object({
          uuid: field(z.string(), { description: "UUID of the instance." }),
          name: field(z.string(), { description: "Name of the instance." }),
          readonly: field(z.boolean(), { description: "Mounted without write access." }),
        }),
      ),
    ),
    { description: "Those of them that ran, or were in standby, when last looked at." },
  ),
});
/** What a Volume reports, and its settings. */
export type VolumeOutputs = z.output<typeof volumeOutputs> & VolumeSettings;

/** What is reported, the settable fields among it as they are, whatever was asked for. */
export const toOutputs = (item: VolumeItem, requested: Partial<VolumeInputs>): VolumeOutputs => ({
  ...observedSettings(item, requested),
  state: item.state ?? "",
  persistent: item.persistent ?? true,
  createdAt: item.created_at ?? "",
  attachedTo: (item.attached_to ?? []).map(({ uuid, name = "" }) => ({ uuid, name })),
  mountedBy: (item.mounted_by ?? []).map(({ uuid, name = "", readonly = false }) => ({ uuid, name, readonly })),
});
