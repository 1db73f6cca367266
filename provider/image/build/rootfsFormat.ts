/** The format of an image's root file system. Pure. */
import { UnikernelError } from "../../base/errors";
import type { RootfsFormat } from "../pack/packTree";
import type { ImageBase } from "../runtimeImage";

/** Options of a kernel that mounts EROFS. Source: unikraft-cloud/cli, its choice of the default format. */
const EROFS_FEATURES = ["CONFIG_LIBUKFS_EROFS=Y", "CONFIG_EROFS_FS=Y"];

/**
 * The wanted format, else EROFS if the runtime's kernel says that it mounts it, else CPIO.
 *
 * Throws `KRAFTFILE_INVALID` for EROFS on a runtime whose own files cannot mount it.
 */
export function chooseFormat(wanted: RootfsFormat | undefined, runtime: ImageBase): RootfsFormat {
  const { baseTree, erofsFiles, reference, platform } = runtime;
  if (baseTree !== undefined) {
    if (wanted !== "erofs" || erofsFiles !== undefined) return wanted ?? "cpio";
    throw new UnikernelError(
      "KRAFTFILE_INVALID",
      `The Kraftfile asks for the format erofs, but the runtime '${reference}' starts from a CPIO archive.`,
      { property: "context", hint: "Leave 'format' out, or write 'cpio'." },
    );
  }
  const features = (platform.osFeatures ?? []).map((feature) => feature.toUpperCase());
  const mountsErofs = EROFS_FEATURES.some((feature) => features.includes(feature));
  return wanted ?? (mountsErofs ? "erofs" : "cpio");
}
