/** Outputs of a Volume. Pure. */
import * as z from "zod";
import type { VolumeItem } from "../../contract/models";
import { PENDING_START_KEY } from "../../definition/initFailed";
import { field, objectType } from "../../definition/resource";
import { findMark } from "../common/ownershipMark";
import type { VolumeInputs } from "./inputs";
import { type VolumeSettings, observedSettings } from "./wire";

/** Outputs of a Volume. */
export const volumeOutputs = z.object({
  state: field(z.string(), { description: "State at the last refresh, such as `available` or `mounted`." }),
  persistent: field(z.boolean(), { description: "False for a volume that is deleted with its instance." }),
  createdAt: field(z.string(), { description: "Creation time, RFC 3339." }),
  attachedTo: field(
    z.array(
      objectType(
        "VolumeUser",
        "An instance that a volume is attached to.",
        z.object({
          uuid: field(z.string(), { description: "UUID of the instance." }),
          name: field(z.string(), { description: "Name of the instance." }),
        }),
      ),
    ),
    { description: "Instances that the volume was attached to at the last refresh." },
  ),
  mountedBy: field(
    z.array(
      objectType(
        "VolumeMounter",
        "An instance that has a volume mounted.",
        z.object({
          uuid: field(z.string(), { description: "UUID of the instance." }),
          name: field(z.string(), { description: "Name of the instance." }),
          readonly: field(z.boolean(), { description: "True if it is mounted read-only." }),
        }),
      ),
    ),
    { description: "Instances, running or in standby, that had the volume mounted at the last refresh." },
  ),
});
/** The output values of a Volume, and its settings as the API reports them. */
export type VolumeOutputs = z.output<typeof volumeOutputs> & VolumeSettings;

/** The outputs, including the settings as the API reports them. */
export const toOutputs = (item: VolumeItem, requested: Partial<VolumeInputs>): VolumeOutputs => ({
  ...observedSettings(item, requested),
  state: item.state ?? "",
  persistent: item.persistent ?? true,
  createdAt: item.created_at ?? "",
  attachedTo: (item.attached_to ?? []).map(({ uuid, name = "" }) => ({ uuid, name })),
  // A killed update stopped instances that use the volume: the next one starts them.
  ...(findMark(item.tags)?.growing === true ? { [PENDING_START_KEY]: true } : {}),
  mountedBy: (item.mounted_by ?? []).map(({ uuid, name = "", readonly = false }) => ({ uuid, name, readonly })),
});
