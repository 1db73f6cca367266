/** Rules for the options and the mount path of a volume. Pure. */
import type { CreateVolumeRequest } from "../../contract/models";
import { ApiItemError } from "../errors";
import type { VolumeOptions } from "../store/volumes";

type VolumeOptionsRequest = Pick<
  CreateVolumeRequest,
  "quota_policy" | "filesystem" | "access_mode" | "tags" | "args" | "host_path" | "uid" | "gid"
>;

/**
 * The options of a new volume that the request may choose; `defaults` replace those it omits.
 *
 * Throws `ApiItemError`: `NotAllowed`, `NotSupported`, `Invalid` for an option that the local platform does not offer.
 */
export function resolveVolumeOptions(
  request: VolumeOptionsRequest,
  defaults: Pick<VolumeOptions, "quotaPolicy" | "accessMode"> = { quotaPolicy: "static", accessMode: "rwo" },
): Pick<VolumeOptions, "quotaPolicy" | "accessMode" | "tags"> {
  assertSupportedOptions(request);
  return {
    quotaPolicy: request.quota_policy ?? defaults.quotaPolicy,
    accessMode: resolveAccessMode(request, defaults.accessMode),
    tags: [...new Set(request.tags)],
  };
}

function assertSupportedOptions({ filesystem = "ext4", args, host_path, uid, gid }: VolumeOptionsRequest): void {
  for (const [field, value] of Object.entries({ host_path, uid, gid })) {
    if (value !== undefined)
      throw new ApiItemError("NotAllowed", `'${field}' is for privileged accounts only: it gives access to the host`);
  }
  if (filesystem !== "ext4" && filesystem !== "virtiofs") {
    throw new ApiItemError(
      "NotSupported",
      `The local platform does not support file system '${filesystem}'; use 'ext4', or 'virtiofs' for several writers`,
    );
  }
  if (args !== undefined)
    throw new ApiItemError("Invalid", `'args' is for custom file systems; '${filesystem}' takes none`);
}

/** Several writers share a folder of this machine; a disk has one writer. A copy is what its original is. */
function resolveAccessMode(
  { filesystem, access_mode: requested }: VolumeOptionsRequest,
  inherited: VolumeOptions["accessMode"],
): VolumeOptions["accessMode"] {
  const mode = requested ?? inherited;
  const isShared = filesystem === undefined ? inherited === "rwx" : filesystem === "virtiofs";
  if (isShared === (mode === "rwx")) return mode;
  throw new ApiItemError(
    "NotSupported",
    isShared
      ? `The local platform has shared folders ('virtiofs') for access mode 'rwx' only, not for '${mode}'`
      : "Access mode 'rwx' needs a shared folder: the file system 'virtiofs'",
  );
}

/** An absolute path without empty segments and without characters that a kernel command line cannot carry. */
const MOUNT_PATH = /^(\/[^/:"\\\s\p{Cc}]+)+$/u;

/** Throws `ApiItemError` `Invalid` unless a volume can be mounted at this path. */
export function assertMountPath(at: string): void {
  if (MOUNT_PATH.test(at) && !at.split("/").some((segment) => segment === "." || segment === "..")) return;
  const forbidden = "'.', '..', colons, whitespace, double quotes or backslashes";
  throw new ApiItemError("Invalid", `Cannot mount a volume at '${at}': use an absolute path without ${forbidden}`);
}
