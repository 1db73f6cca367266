/** Packs the ROMs of an image. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { RomRef } from "../oci/storedImage";
import { planRom } from "../pack/archivePlan";
import type { FileDigests } from "../pack/fileDigests";
import { packArchive } from "../pack/packArchive";
import { planTree } from "../pack/packTree";
import { type LoadOptions, loadRootfs } from "./loadRootfs";
import { assertUnreserved } from "./reservedPaths";
import type { RomPlan } from "./rootfsPlan";

/** How to pack ROMs. */
export interface PackRomsOptions extends LoadOptions {
  readonly digests: FileDigests;
  /** Computes the digests of ROMs that are trees, and writes no file. */
  readonly isDigestOnly: boolean;
}

/**
 * Packs each ROM, in order, into a file in the scratch folder. Throws as {@link loadRootfs} and {@link packArchive}, and
 * `CONTEXT_INVALID` for a reserved path.
 */
export async function packRoms(roms: readonly RomPlan[], options: PackRomsOptions): Promise<RomRef[]> {
  const { signal, digests, isDigestOnly } = options;
  const packed: RomRef[] = [];
  for (const [index, { rootfs, format }] of roms.entries()) {
    const scratch = path.join(options.scratch, `rom${index}`);
    if (!isDigestOnly) await fs.mkdir(scratch);
    options.onProgress(`packing ROM ${index + 1} of ${roms.length}`);
    const { tree } = await loadRootfs(rootfs, { ...options, scratch });
    assertUnreserved(tree);
    const blob = path.join(options.scratch, `rom${index}.${format}`);
    const sink = isDigestOnly ? "digest" : { file: blob };
    packed.push({ ...(await packArchive(planRom(planTree(tree, format)), sink, { signal, digests })), blob });
  }
  return packed;
}
