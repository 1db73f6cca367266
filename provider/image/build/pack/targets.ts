/** The platforms that a Kraftfile names in `targets`, against those that its base has. */
import { formatPlatform, type Platform } from "../../oci/descriptor";
import { matchesPlatform, onlyPlatform } from "../../oci/platformChoice";
import { type ImageBase, unsupportedTargetsError } from "../../runtimeImage";

/**
 * Throws `KRAFTFILE_INVALID` unless there is a base for each target. Without targets any base will do.
 *
 * @param bases of one runtime or kernel
 */
export function assertTargetsSupported(targets: readonly Platform[], bases: readonly ImageBase[]): void {
  const isProvided = (target: Platform): boolean =>
    bases.some(({ platform }) => matchesPlatform(platform, onlyPlatform(target)));
  if (targets.every(isProvided)) return;
  const offered = bases.map(({ platform }) => formatPlatform(platform)).join(", ");
  throw unsupportedTargetsError(bases[0]?.reference ?? "", targets, offered);
}
