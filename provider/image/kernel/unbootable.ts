/** Images that VMs of this machine cannot boot. Pure. */
import { type Platform, formatPlatform } from "../oci/descriptor";
import { VM_PLATFORM, matchesPlatform } from "../oci/platformChoice";

/** An image, whatever is known of its layers beside their existence. */
interface BootableImage {
  readonly platform: Platform;
  readonly kernel?: unknown;
  readonly initrd?: unknown;
}

/** Why no VM can boot an image, as a clause about it; `undefined` for one that has a kernel for this machine. */
export function describeUnbootable({ platform, kernel, initrd }: BootableImage): string | undefined {
  if (!matchesPlatform(platform, VM_PLATFORM))
    return `is built for ${formatPlatform(platform)}, not for ${VM_PLATFORM.architecture}`;
  if (kernel !== undefined) return undefined;
  return initrd === undefined
    ? "has no kernel and no root file system, so it can only be used in 'roms'"
    : "has no kernel, so it cannot boot here; set 'runtime' in its Kraftfile";
}
