/** The files that an image brings for an architecture. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { digestOf } from "../../../base/digest";
import type { ImageConfig } from "../../dockerfile/metadata/imageConfig";
import { canonicalArchitecture } from "../../oci/platformChoice";
import type { RomRef } from "../../oci/storedImage";
import { overlayFiles } from "../../rootfs/overlay";
import type { FileTree } from "../../rootfs/tree";
import { loadRootfs } from "../loadRootfs";
import { type PackRomsOptions, packRoms } from "../packRoms";
import type { BuildPlan } from "../planBuild";
import { assertUnreserved } from "../reservedPaths";
import type { RootfsPlan } from "../rootfsPlan";

/** What an image adds to its base. */
export interface ImageContents {
  /** The root file system with the `files`; the same object for all architectures that share it. */
  readonly tree: FileTree;
  /** What the Dockerfile or the container image says about running it. */
  readonly config: ImageConfig;
  readonly roms: readonly RomRef[];
}

/** A builder, or a registry, provides other files for each architecture. */
const dependsOnArchitecture = ({ type }: RootfsPlan): boolean => type === "dockerfile" || type === "image";

/**
 * Returns a function that loads the contents for an architecture. Platforms of one architecture share a build, and all platforms share
 * what is the same for every architecture. It throws as `loadRootfs` and `packRoms`, and `CONTEXT_INVALID` for a reserved path.
 */
export function contentsLoader(
  plan: BuildPlan,
  options: Pick<PackRomsOptions, "signal" | "onProgress" | "onWarning" | "isDigestOnly">,
): (architecture: string) => Promise<ImageContents> {
  const { build, digests } = plan;
  const loading = async (architecture: string, isShared: boolean) => {
    // The name may come from a registry and be any text, also `../..`.
    const scratch = isShared ? plan.scratch : path.join(plan.scratch, digestOf(architecture).slice("sha256:".length));
    if (!isShared) await fs.mkdir(scratch, { recursive: true });
    return { ...options, build, digests, architecture, scratch };
  };
  const isRootfsShared = !dependsOnArchitecture(plan.rootfs);
  const rootfs = onePerArchitecture(isRootfsShared, async (architecture) => {
    const { tree, config } = await loadRootfs(plan.rootfs, await loading(architecture, isRootfsShared));
    const complete = overlayFiles(tree, plan.files);
    assertUnreserved(complete);
    return { tree: complete, config };
  });
  const areRomsShared = !plan.roms.some((rom) => dependsOnArchitecture(rom.rootfs));
  const roms = onePerArchitecture(areRomsShared, async (architecture) =>
    packRoms(plan.roms, await loading(architecture, areRomsShared)),
  );
  return async (architecture) => ({ ...(await rootfs(architecture)), roms: await roms(architecture) });
}

/** Loads once for each architecture, or once for all of them. */
function onePerArchitecture<T>(
  isShared: boolean,
  load: (architecture: string) => Promise<T>,
): (architecture: string) => Promise<T> {
  const loaded = new Map<string, Promise<T>>();
  return (name) => {
    const architecture = canonicalArchitecture(name);
    const key = isShared ? "" : architecture;
    const result = loaded.get(key) ?? load(architecture);
    loaded.set(key, result);
    return result;
  };
}
