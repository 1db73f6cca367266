/** What a new volume may be told, and what ext4 disks cannot be. Pure. */
import type { CreateVolumeRequest } from "../../contract/models";
import { ApiItemError } from "../errors";
import type { VolumeOptions } from "../store/volumes";

type VolumeOptionsRequest = Pick<
  CreateVolumeRequest,
  "quota_policy" | "filesystem" | "access_mode" | "tags" | "args" | "host_path" | "uid" | "gid"
>;

/** The options of a new volume that are the request's to choose; those that it leaves out come from `defaults`. */
export function resolveVolumeOptions(
  request: VolumeOptionsRequest,
  defaults: Pick<VolumeOptions, "quotaPolicy" | "accessMode"> = { quotaPolicy: "static", accessMode: "rwo" },
): Pick<VolumeOptions, "quotaPolicy" | "accessMode" | "tags"> {
  assertSupportedOptions(request);
  return {
    quotaPolicy: request.quota_policy ?? defaults.quotaPolicy,
    accessMode: resolveAccessMode(request.access_mode ?? defaults.accessMode),
    tags: [...new Set(request.tags)],
  };
}

function assertSupportedOptions({ filesystem = "ext4", args, host_path, uid, gid }: VolumeOptionsRequest): void {
  for (const [field, value] of Object.entries({ host_path, uid, gid })) {
    if (value !== undefined)
      throw new ApiItemError("NotAllowed", `'${field}' is for privileged accounts: it reaches into the machine itself`);
  }
  if (filesystem !== "ext4") {
    throw new ApiItemError("NotSupported", `File system '${filesystem}' is not supported here; the only one is 'ext4'`);
  }
  if (args !== undefined)
    throw new ApiItemError("Invalid", "'args' are for a site's own file systems; 'ext4' takes none");
}

function resolveAccessMode(mode: "rwo" | "rox" | "rwx"): VolumeOptions["accessMode"] {
  if (mode !== "rwx") return mode;
  throw new ApiItemError(
    "NotSupported",
    "Access mode 'rwx' needs a file system that several may write to (virtiofs), which is not supported here",
  );
}
