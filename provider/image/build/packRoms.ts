/** Packs the ROMs of an image. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { RomInput } from "../oci/imageBlobs";
import type { FileDigests } from "../pack/fileDigests";
import { packTree } from "../pack/packTree";
import { type LoadOptions, loadRootfs } from "./loadRootfs";
import { assertUnreserved } from "./reservedPaths";
import type { RomPlan } from "./rootfsPlan";

/**
 * Packs each ROM into a file in the scratch folder, in order. Throws as {@link loadRootfs} and {@link packTree}, and `CONTEXT_INVALID`
 * for a reserved path.
 */
export async function packRoms(
  roms: readonly RomPlan[],
  options: LoadOptions & { readonly digests: FileDigests },
): Promise<RomInput[]> {
  const { signal, digests } = options;
  const packed: RomInput[] = [];
  for (const [index, { rootfs, format }] of roms.entries()) {
    const scratch = path.join(options.scratch, `rom${index}`);
    await fs.mkdir(scratch);
    options.onProgress(`packing ROM ${index + 1} of ${roms.length}`);
    const { tree } = await loadRootfs(rootfs, { ...options, scratch });
    assertUnreserved(tree);
    const file = path.join(options.scratch, `rom${index}.${format}`);
    await packTree(tree, format, { file }, { signal, digests });
    packed.push({ file });
  }
  return packed;
}
