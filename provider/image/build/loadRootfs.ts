/** Produces the files of a planned root file system: builds the Dockerfile, or fetches the image. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { buildDockerfile, removeBuild } from "../dockerfile/buildDockerfile";
import { type ImageConfig, parseImageConfig } from "../dockerfile/metadata/imageConfig";
import { type ContainerImage, readLayoutImage } from "../oci/containerImage";
import { openLayout } from "../oci/layout";
import type { PlatformChoice } from "../oci/platformChoice";
import { describeFile } from "../pack/contentReader";
import type { FileDigests } from "../pack/fileDigests";
import { pullImage } from "../registry/pull";
import {
  assertContextUnchanged,
  type DockerfileOptions,
  type RootfsPlan,
  toBuildPlatform,
  toSecretSources,
} from "./rootfsPlan";
import type { FileTree } from "../rootfs/tree";
import { fromOciLayers } from "../tar/read";

/** Files, and what a container image says about running them. */
export interface LoadedRootfs {
  readonly tree: FileTree;
  readonly config: ImageConfig;
}

/** How to produce them. */
export interface LoadOptions {
  /** Folder for temporary files, in which contents of the tree stay until it is packed. */
  readonly scratch: string;
  readonly build: DockerfileOptions;
  /** Of the guest, with Unikraft's name: `x86_64`. */
  readonly architecture: string;
  /** Known digests of the build context's files. */
  readonly digests?: FileDigests | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with each step, such as `step 2/3: RUN make`. */
  readonly onProgress: (step: string) => void;
  /** Called with each warning, a sentence. */
  readonly onWarning: (warning: string) => void;
}

const NO_CONFIG = parseImageConfig({});

/** The platform of a container image whose files the guest runs. */
const toChoice = ({ architecture }: LoadOptions): PlatformChoice => ({ os: ["linux"], architecture });

/**
 * The files of the plan.
 *
 * Throws the errors of `buildDockerfile` and `pullImage`, and `CONTEXT_INVALID` for layers that are malformed.
 */
export async function loadRootfs(plan: RootfsPlan, options: LoadOptions): Promise<LoadedRootfs> {
  switch (plan.type) {
    case "none":
      return { tree: new Map(), config: NO_CONFIG };
    case "tree":
      return { tree: plan.tree, config: NO_CONFIG };
    case "image": {
      options.onProgress(`downloading the image '${plan.reference}'`);
      const layout = openLayout(path.join(options.scratch, "image"));
      return readImage(
        await pullImage(plan.reference, layout, { signal: options.signal, platform: toChoice(options) }),
        options,
      );
    }
    case "dockerfile":
      return buildAndRead(plan, options);
    default:
      return plan satisfies never;
  }
}

async function buildAndRead(
  plan: Extract<RootfsPlan, { type: "dockerfile" }>,
  options: LoadOptions,
): Promise<LoadedRootfs> {
  const { contextFolder, dockerfile } = plan;
  const { target, args, secrets, ssh, cacheFrom, cacheTo, noCache } = options.build;
  const { signal, onProgress, onWarning, scratch } = options;
  const cache = { cacheFrom, cacheTo, noCache };
  const built = await buildDockerfile({
    ...{ contextFolder, dockerfile, target, buildArgs: args, secrets: toSecretSources(secrets), ssh, ...cache },
    ...{ platform: toBuildPlatform(options.architecture), signal, onProgress, onWarning },
  });
  try {
    await assertContextUnchanged(plan, { digests: options.digests, signal });
    // Its layers are read while the image is packed, so they move to where they live as long.
    const folder = path.join(scratch, "built");
    await fs.cp(built.ociLayout, folder, { recursive: true });
    return await readImage(await readLayoutImage(folder, { platform: toChoice(options) }), options);
  } finally {
    await removeBuild(built);
  }
}

async function readImage(image: ContainerImage, { scratch, signal }: LoadOptions): Promise<LoadedRootfs> {
  const layers = image.layers.map(({ file, digest }) => ({ file: describeFile(file), label: digest }));
  return {
    tree: await fromOciLayers(layers, { scratch, signal }),
    config: parseImageConfig(JSON.parse(await fs.readFile(image.configFile, "utf8"))),
  };
}
