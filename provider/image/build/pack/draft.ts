/** An image for one platform, before its root file system is packed. Pure. */
import { lookupInTree } from "../../dockerfile/metadata/lookupInTree";
import { mergeMetadata } from "../../dockerfile/metadata/mergeMetadata";
import type { PlatformImage } from "../../oci/imageBlobs";
import type { LayerRef } from "../../oci/layer";
import type { RootfsFormat } from "../../pack/packTree";
import { overlayTree } from "../../rootfs/overlay";
import type { FileTree } from "../../rootfs/tree";
import type { ImageBase } from "../../runtimeImage";
import { type BuildPlan, NO_PROGRAM } from "../planBuild";
import { assertNoInit } from "../reservedPaths";
import type { ImageContents } from "./contents";

/** A root file system to pack. */
export interface RootfsTree {
  readonly tree: FileTree;
  readonly format: RootfsFormat;
}

/** An image for one platform whose root file system may not be packed yet. */
export interface PlatformDraft {
  readonly image: Omit<PlatformImage, "initrd">;
  /** `undefined`: the image has none. */
  readonly initrd: LayerRef | RootfsTree | undefined;
}

/**
 * Merges the contents of an image with a base. Throws `CONTEXT_INVALID` if the files collide with the base's own.
 *
 * @param options.onWarning receives what has no effect on a guest, as sentences
 */
export function draftPlatform(
  plan: BuildPlan,
  base: ImageBase,
  { tree, config: image, roms }: ImageContents,
  { format, onWarning }: { readonly format: RootfsFormat; readonly onWarning: (warning: string) => void },
): PlatformDraft {
  const { kraftfile } = plan;
  const lookup = lookupInImage(tree, base.baseTree);
  const merged = mergeMetadata({ runtime: base, image, kraftfile, program: {}, lookup });
  for (const warning of merged.warnings) onWarning(warning);
  const { cmd, env, labels, workingDir } = merged;
  // The plan has warned of a root file system that it knows.
  if (cmd.length === 0 && base.baseTree !== undefined && plan.rootfs.type !== "tree" && plan.rootfs.type !== "none")
    onWarning(NO_PROGRAM);
  const composed = composeInitrdTree(plan, tree, base, format);
  return {
    image: {
      platform: base.platform,
      config: { cmd, env, labels, ...(workingDir === undefined ? {} : { workingDir }) },
      roms,
      ...(base.kernelLayer === undefined ? {} : { kernel: base.kernelLayer }),
    },
    initrd: composed === undefined ? base.initrdLayer : { tree: composed, format },
  };
}

/** True for a root file system that has to be packed. */
export const isTree = (initrd: PlatformDraft["initrd"]): initrd is RootfsTree =>
  initrd !== undefined && "tree" in initrd;

/** Looks up in the image's own files, then in those of the runtime. */
function lookupInImage(tree: FileTree, base: FileTree | undefined): ReturnType<typeof lookupInTree> {
  const [own, runtime] = [lookupInTree(tree), base && lookupInTree(base)];
  return (file) => own(file) ?? runtime?.(file);
}

/** The tree to pack; `undefined` when the image adds no files, so the runtime's initrd is used unchanged. */
function composeInitrdTree(
  { rootfs }: BuildPlan,
  tree: FileTree,
  { baseTree, erofsFiles = new Map(), reference }: ImageBase,
  format: RootfsFormat,
): FileTree | undefined {
  if (baseTree === undefined) return tree.size === 0 && rootfs.type === "none" ? undefined : tree;
  assertNoInit(tree, reference);
  return overlayTree(format === "erofs" ? overlayTree(baseTree, erofsFiles) : baseTree, tree);
}
