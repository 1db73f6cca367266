/** Volumes of a mock metro. */
import type { CreateVolumeRequest } from "../../contract/models/volume";
import type { MockHandlers } from "./client";
import { type ObjectQuery, type Selector, answerOf } from "./objects";
import type { World } from "./world";

/** What the API fills in. */
const DEFAULTS = {
  filesystem: "ext4",
  access_mode: "rwo",
  quota_policy: "static",
  tags: [],
  delete_lock: false,
  state: "available",
  persistent: true,
};

/** A mount of an instance. */
interface Mount {
  readonly uuid: string;
  readonly at: string;
  readonly readonly?: boolean;
}

/** The operations on volumes. */
export function volumeHandlers({ volumes, instances }: World): MockHandlers {
  const usersOf = (uuid: string) =>
    instances.all.flatMap((instance) =>
      ((instance["volumes"] ?? []) as readonly Mount[])
        .filter((mount) => mount.uuid === uuid)
        .map(({ readonly = false }) => ({ uuid: instance.uuid, name: instance.name, readonly })),
    );
  const create = (name: string, settings: object): object => {
    const result = volumes.add(name, { ...DEFAULTS, ...settings });
    return "failed" in result ? result.failed : { status: "success", ...result.added };
  };
  return {
    createVolume: ({ name = "", template, ...settings }: CreateVolumeRequest) => {
      if (template === undefined) return create(name, settings);
      const original = volumes.findOrFail(template);
      return "failed" in original ? original.failed : create(name, { size_mb: original.found["size_mb"], ...settings });
    },
    cloneVolumes: ({ uuid, vol_name = "", ...rest }: Selector & { readonly vol_name?: string }) => {
      const { name, ...settings } = rest as Selector & object;
      const original = volumes.findOrFail(uuid === undefined ? { name } : { uuid });
      return "failed" in original
        ? original.failed
        : create(vol_name, { size_mb: original.found["size_mb"], ...settings });
    },
    getVolumes: (_body, { query }) =>
      volumes.read(query as ObjectQuery, (volume) => {
        const users = usersOf(volume.uuid);
        if (users.length === 0) return volume;
        return { ...volume, state: "mounted", attached_to: users, mounted_by: users };
      }),
    patchVolumes: ({ prop, value, ...selector }: Selector & { readonly prop: string; readonly value?: unknown }) => {
      const result = volumes.findOrFail(selector);
      if ("failed" in result) return result.failed;
      result.found[prop] = value;
      return answerOf(result.found);
    },
  };
}
