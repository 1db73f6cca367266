/** Packs a planned image into a layout. */
import type { Digest } from "../base/digest";
import { UnikernelError } from "../base/errors";
import { writeCpio } from "./cpio/write";
import type { Kraftfile } from "./kraftfile/model";
import { formatPlatform } from "./oci/descriptor";
import type { LayerRef } from "./oci/layer";
import { openLayout } from "./oci/layout";
import type { BuildPlan } from "./planBuild";
import { overlayTree } from "./rootfs/overlay";
import { type FileTree, sizeOf } from "./rootfs/tree";
import type { RuntimeImage } from "./runtimeImage";

/** The step that a build begins. */
export interface BuildProgress {
  readonly step: "runtime" | "rootfs" | "store";
  /** One clause for people: `packing 214 files (3.1 MiB)`. */
  readonly message: string;
}

/** What and where to build. */
export interface BuildOptions {
  /** Folder of the OCI image layout. */
  readonly layout: string;
  /** Repository in the layout; the tag is `latest`. */
  readonly repository: string;
  /** Brings the Kraftfile's runtime; throws `RUNTIME_UNAVAILABLE` when it cannot. */
  readonly resolveRuntime: (reference: string) => Promise<RuntimeImage>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: BuildProgress) => void;
}

/** An image that is in the layout now. */
export interface BuiltImage {
  /** Digest of the image index. */
  readonly digest: Digest;
  /** Bytes of all blobs of the image. */
  readonly sizeBytes: number;
  readonly contextHash: Digest;
}

/**
 * Packs a plan into the layout. The same plan and runtime give the same digest, bit for bit, and blobs that the layout
 * has are not written again. Aborting leaves no half image.
 *
 * Throws `CONTEXT_INVALID` (a file of the context changed, or collides with the runtime's own), `KRAFTFILE_INVALID`
 * (the runtime is not made for the targets), `NO_SPACE`, `BUILD_FAILED`, and whatever `resolveRuntime` throws.
 */
export async function buildImage(plan: BuildPlan, options: BuildOptions): Promise<BuiltImage> {
  const { signal, onProgress = () => undefined } = options;
  const { kraftfile } = plan;
  signal?.throwIfAborted();
  onProgress({ step: "runtime", message: `resolving the runtime '${kraftfile.runtime}'` });
  const runtime = await options.resolveRuntime(kraftfile.runtime);
  assertTargetSupported(kraftfile, runtime);
  const cmd = kraftfile.cmd ?? runtime.cmd ?? [];
  const layout = openLayout(options.layout);
  const store = (
    initrd: LayerRef | { readonly file: string } | undefined,
  ): Promise<Omit<BuiltImage, "contextHash">> => {
    onProgress({ step: "store", message: `storing the image '${options.repository}'` });
    return layout.putImage({
      repository: options.repository,
      platform: runtime.platform,
      config: { cmd, env: { ...runtime.env, ...kraftfile.env }, labels: kraftfile.labels },
      kernel: runtime.kernelLayer,
      ...(initrd === undefined ? {} : { initrd }),
      ...(signal === undefined ? {} : { signal }),
    });
  };
  const tree = composeInitrdTree(plan, runtime);
  if (tree === undefined) return { ...(await store(runtime.initrdLayer)), contextHash: plan.contextHash };
  const built = await layout.withTemporaryFile(async (file) => {
    onProgress({ step: "rootfs", message: `packing ${describeTree(tree)}` });
    await writeCpio(tree, file, signal);
    return store({ file });
  });
  return { ...built, contextHash: plan.contextHash };
}

/** The tree to pack; `undefined` when the image brings nothing of its own and the runtime's initrd serves as it is. */
function composeInitrdTree({ tree, kraftfile }: BuildPlan, runtime: RuntimeImage): FileTree | undefined {
  if (runtime.baseTree === undefined) return tree.size === 0 && kraftfile.rootfs === undefined ? undefined : tree;
  if (tree.has("init")) {
    throw new UnikernelError(
      "CONTEXT_INVALID",
      `The root file system holds '/init', which the runtime '${runtime.reference}' brings itself.`,
      {
        property: "context",
        hint: "Call the file something else and name it in the Kraftfile's 'cmd'.",
      },
    );
  }
  return overlayTree(runtime.baseTree, tree);
}

/** The image is for the runtime's platform; targets, when declared, must include it. */
function assertTargetSupported({ targets }: Kraftfile, { reference, platform }: RuntimeImage): void {
  const wanted = targets.map((target) => formatPlatform(target));
  if (wanted.length === 0 || wanted.includes(formatPlatform(platform))) return;
  throw new UnikernelError(
    "KRAFTFILE_INVALID",
    `The Kraftfile's targets are ${wanted.join(", ")}, but the runtime '${reference}' is made for ${formatPlatform(platform)}.`,
    { property: "context", hint: `Add '${formatPlatform(platform)}' to 'targets', or leave 'targets' out.` },
  );
}

function describeTree(tree: FileTree): string {
  const files = [...tree.values()].filter((entry) => entry.type === "file");
  const sizeBytes = files.reduce((sum, entry) => sum + sizeOf(entry.content), 0);
  return `${files.length} files (${(sizeBytes / 2 ** 20).toFixed(1)} MiB)`;
}
