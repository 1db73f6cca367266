/** Packs a planned image into a layout. */
import type { Digest } from "../../base/digest";
import { UnikernelError } from "../../base/errors";
import { GIVEN_FILES_ANNOTATION, LAYER_ENTRY, formatPlatform } from "../oci/descriptor";
import type { LayerRef } from "../oci/layer";
import { openLayout } from "../oci/layout";
import { digestOnly } from "./digestOnly";
import { lookupInTree } from "../dockerfile/metadata/lookupInTree";
import { mergeMetadata } from "../dockerfile/metadata/mergeMetadata";
import { loadRootfs } from "./loadRootfs";
import { chooseFormat } from "./rootfsFormat";
import { planLayer } from "../pack/layerPlan";
import { packArchive } from "../pack/packArchive";
import { type RootfsFormat, planTree } from "../pack/packTree";
import { type BuildPlan, NO_PROGRAM } from "./planBuild";
import type { Kraftfile } from "../kraftfile/model";
import { assertNoInit, assertUnreserved } from "./reservedPaths";
import { overlayFiles, overlayTree } from "../rootfs/overlay";
import { type FileTree, sizeOf } from "../rootfs/tree";
import type { ImageBase, RuntimeImage } from "../runtimeImage";
import { resolveKernel } from "./kernel/resolveKernel";
import { packRoms } from "./packRoms";

/** Reported when a build starts a step. */
export interface BuildProgress {
  readonly step: "runtime" | "rootfs" | "store";
  /** Human-readable clause: `packing 214 files (3.1 MiB)`. */
  readonly message: string;
}

/** What and where to build. */
export interface BuildOptions extends PackOptions {
  /** Fetches or builds the Kraftfile's runtime; throws `RUNTIME_UNAVAILABLE` on failure. */
  readonly resolveRuntime: (reference: string) => Promise<RuntimeImage>;
}

/** Where to store an image. */
export interface PackOptions {
  /** Folder of the OCI image layout; `undefined` computes the digest and stores nothing. */
  readonly layout: string | undefined;
  /** Repository in the layout; the tag is `latest`. */
  readonly repository: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: BuildProgress) => void;
  /** Receives what the Kraftfile or the Dockerfile says without effect, as sentences. */
  readonly onWarning?: (warning: string) => void;
}

/** An image stored in the layout. */
export interface BuiltImage {
  /** Digest of the image index. */
  readonly digest: Digest;
  /** Total bytes of the image's blobs. */
  readonly sizeBytes: number;
  /** As in the {@link BuildPlan}. */
  readonly contextHash: Digest;
}

/**
 * Packs a plan into the layout. The build is reproducible: the same plan and runtime give the same digest. Blobs that
 * the layout already has are not rewritten. Aborting leaves no partial image.
 *
 * Throws `CONTEXT_INVALID` (a file of the context changed, or collides with the runtime's own), `KRAFTFILE_INVALID`
 * (the runtime does not support the targets), `NO_SPACE`, `BUILD_FAILED`, and whatever `resolveRuntime` throws.
 */
export async function buildImage(plan: BuildPlan, options: BuildOptions): Promise<BuiltImage> {
  options.signal?.throwIfAborted();
  return packImage(plan, await resolveBase(plan, options), options);
}

/** The kernel and the platform of the image. Throws as {@link resolveKernel}. */
export async function resolveBase(
  { kernel, scratch, digests }: BuildPlan,
  { resolveRuntime, signal, onProgress = () => undefined }: BuildOptions,
): Promise<ImageBase> {
  const report = (message: string): void => onProgress({ step: "runtime", message });
  return resolveKernel(kernel, { resolveRuntime, scratch, digests, signal, onProgress: report });
}

/** As {@link buildImage}, on a base that is there already. */
export async function packImage(plan: BuildPlan, runtime: ImageBase, options: PackOptions): Promise<BuiltImage> {
  const { signal, onProgress = () => undefined, onWarning = () => undefined } = options;
  const { kraftfile, build, contextHash, scratch, digests } = plan;
  for (const warning of plan.warnings) onWarning(warning);
  assertTargetSupported(kraftfile, runtime);
  const format = chooseFormat(kraftfile.rootfs?.format, runtime);
  const loading = {
    ...{ scratch, build, digests, signal, onWarning },
    onProgress: (message: string) => onProgress({ step: "rootfs", message }),
  };
  const { tree: files, config } = await loadRootfs(plan.rootfs, loading);
  const complete = overlayFiles(files, plan.files);
  assertUnreserved(complete);
  const sources = { runtime, image: config, kraftfile, program: {}, lookup: lookupInImage(complete, runtime.baseTree) };
  const { cmd, env, labels, workingDir, warnings } = mergeMetadata(sources);
  for (const warning of warnings) onWarning(warning);
  if (cmd.length === 0 && runtime.baseTree !== undefined && plan.rootfs.type !== "tree" && plan.rootfs.type !== "none")
    onWarning(NO_PROGRAM);
  const roms = await packRoms(plan.roms, loading);
  const layout = options.layout === undefined ? digestOnly : openLayout(options.layout);
  const store = (initrd: LayerRef | undefined): Promise<Omit<BuiltImage, "contextHash">> => {
    onProgress({ step: "store", message: `storing the image '${options.repository}'` });
    return layout.putImage({
      repository: options.repository,
      platform: runtime.platform,
      config: { cmd, env, labels, ...(workingDir === undefined ? {} : { workingDir }) },
      roms,
      ...(runtime.kernelLayer === undefined ? {} : { kernel: runtime.kernelLayer }),
      facts: { [GIVEN_FILES_ANNOTATION]: plan.givenFiles.length > 0 ? "given" : "none" },
      ...(initrd === undefined ? {} : { initrd }),
      ...(signal === undefined ? {} : { signal }),
    });
  };
  const tree = composeInitrdTree(plan, complete, runtime, format);
  if (tree === undefined) return { ...(await store(runtime.initrdLayer)), contextHash };
  const built = await layout.withTemporaryFile(async (file) => {
    onProgress({ step: "rootfs", message: `packing ${describeTree(tree)}` });
    const entry = LAYER_ENTRY.initrd;
    const layer = await packArchive(
      planLayer(planTree(tree, format), entry),
      file === undefined ? "digest" : { file },
      { signal, digests },
    );
    return store({ ...layer, blob: file ?? "", entry });
  });
  return { ...built, contextHash };
}

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

/** An image has its runtime's platform, so declared targets must include that platform. */
function assertTargetSupported({ targets }: Kraftfile, { reference, platform }: ImageBase): void {
  const wanted = targets.map((target) => formatPlatform(target));
  if (wanted.length === 0 || wanted.includes(formatPlatform(platform))) return;
  throw new UnikernelError(
    "KRAFTFILE_INVALID",
    `The Kraftfile's targets are ${wanted.join(", ")}, but the runtime '${reference}' is built for ${formatPlatform(platform)}.`,
    { property: "context", hint: `Add '${formatPlatform(platform)}' to 'targets', or remove 'targets'.` },
  );
}

function describeTree(tree: FileTree): string {
  const files = [...tree.values()].filter((entry) => entry.type === "file");
  const sizeBytes = files.reduce((sum, entry) => sum + sizeOf(entry.content), 0);
  return `${files.length} files (${(sizeBytes / 2 ** 20).toFixed(1)} MiB)`;
}
