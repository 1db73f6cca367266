/** Packs a planned image on bases that are there: for each platform a root file system, ROMs and metadata. */
import { GIVEN_FILES_ANNOTATION, LAYER_ENTRY } from "../../oci/descriptor";
import type { LayerRef } from "../../oci/layer";
import { openLayout } from "../../oci/layout";
import { planLayer } from "../../pack/layerPlan";
import { packArchive } from "../../pack/packArchive";
import { type RootfsFormat, planTree } from "../../pack/packTree";
import { type FileTree, sizeOf } from "../../rootfs/tree";
import type { ImageBase } from "../../runtimeImage";
import type { BuildPlan } from "../planBuild";
import { chooseFormat } from "../rootfsFormat";
import { contentsLoader } from "./contents";
import { type ImageSink, digestOnly } from "./digestOnly";
import { type PlatformDraft, type RootfsTree, draftPlatform, isTree } from "./draft";
import type { BuiltImage, PackOptions } from "./options";
import { assertTargetsSupported } from "./targets";
import { type FormattedImage, containerEntry } from "./urunc";

/**
 * As `buildImage`, on bases that are there already: one for each platform, in the order of the manifests. Equal root file systems are
 * packed once.
 */
export async function packImage(
  plan: BuildPlan,
  bases: readonly ImageBase[],
  options: PackOptions,
): Promise<BuiltImage> {
  const { repository, signal, onProgress = () => undefined, onWarning = () => undefined } = options;
  for (const warning of plan.warnings) onWarning(warning);
  assertTargetsSupported(plan.kraftfile.targets, bases);
  const warnOnce = once(onWarning); // platforms share most of them
  const load = contentsLoader(plan, {
    ...{ signal, onWarning: warnOnce, isDigestOnly: options.layout === undefined },
    onProgress: (message) => onProgress({ step: "rootfs", message }),
  });
  const drafts: (PlatformDraft & { readonly format: RootfsFormat })[] = [];
  for (const base of bases) {
    const format = chooseFormat(plan.kraftfile.rootfs?.format, base);
    const contents = await load(base.platform.architecture);
    drafts.push({ ...draftPlatform(plan, base, contents, { format, onWarning: warnOnce }), format });
  }
  const layout = options.layout === undefined ? digestOnly : openLayout(options.layout);
  const packOne = async ({ tree, format }: RootfsTree, file: string | undefined): Promise<LayerRef> => {
    onProgress({ step: "rootfs", message: `packing ${describeTree(tree)}` });
    const layer = await packArchive(
      planLayer(planTree(tree, format), LAYER_ENTRY.initrd),
      file === undefined ? "digest" : { file },
      { signal, digests: plan.digests },
    );
    return { ...layer, blob: file ?? "", entry: LAYER_ENTRY.initrd };
  };
  const trees = distinctTrees(drafts);
  const built = await withLayers(layout, trees, packOne, (layers) => {
    onProgress({ step: "store", message: `storing the image '${repository}'` });
    const images = drafts.map(({ image, initrd, format }): FormattedImage => {
      const layer = isTree(initrd) ? layers[trees.findIndex((one) => isSameTree(one, initrd))] : initrd;
      return { image: layer === undefined ? image : { ...image, initrd: layer }, format };
    });
    const facts = { [GIVEN_FILES_ANNOTATION]: plan.givenFiles.length > 0 ? "given" : "none" };
    const entries = [...images.map(({ image }) => image), containerEntry(images)].filter((one) => one !== undefined);
    return layout.putImages(entries, { repository, facts, ...(signal === undefined ? {} : { signal }) });
  });
  return { ...built, contextHash: plan.contextHash };
}

const isSameTree = (one: RootfsTree, other: RootfsTree): boolean =>
  one.tree === other.tree && one.format === other.format;

const distinctTrees = (drafts: readonly PlatformDraft[]): readonly RootfsTree[] =>
  drafts
    .map(({ initrd }) => initrd)
    .filter(isTree)
    .filter((tree, at, all) => all.findIndex((one) => isSameTree(one, tree)) === at);

/** Packs the trees in order, and runs `work` while the files of all of them exist. */
function withLayers<T>(
  layout: ImageSink,
  trees: readonly RootfsTree[],
  packOne: (tree: RootfsTree, file: string | undefined) => Promise<LayerRef>,
  work: (layers: readonly LayerRef[]) => Promise<T>,
): Promise<T> {
  const next = (layers: readonly LayerRef[]): Promise<T> => {
    const tree = trees[layers.length];
    if (tree === undefined) return work(layers);
    return layout.withTemporaryFile(async (file) => next([...layers, await packOne(tree, file)]));
  };
  return next([]);
}

/** Passes on each text the first time only. */
function once(report: (text: string) => void): (text: string) => void {
  const reported = new Set<string>();
  return (text) => {
    if (!reported.has(text)) report(text);
    reported.add(text);
  };
}

function describeTree(tree: FileTree): string {
  const files = [...tree.values()].filter((entry) => entry.type === "file");
  const sizeBytes = files.reduce((sum, entry) => sum + sizeOf(entry.content), 0);
  return `${files.length} files (${(sizeBytes / 2 ** 20).toFixed(1)} MiB)`;
}
