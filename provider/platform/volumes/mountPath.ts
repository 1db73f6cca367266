/** Where a volume may be inside an instance. Pure. */
import { ApiItemError } from "../errors";

/** An absolute path without empty parts and what a kernel's command line cannot hold. */
const MOUNT_PATH = /^(\/[^/:"\\\s\p{Cc}]+)+$/u;

/** Throws a refusal `Invalid` for a place that is none. */
export function assertMountPath(at: string): void {
  if (MOUNT_PATH.test(at) && !at.split("/").some((part) => part === "." || part === "..")) return;
  const without = "'.', '..', colons, blanks, double quotes and backslashes";
  throw new ApiItemError("Invalid", `'${at}' is not a place for a volume: write an absolute path without ${without}`);
}
