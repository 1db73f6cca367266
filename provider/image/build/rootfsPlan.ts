/** The root file system that a Kraftfile asks for: a tree that is known now, or what a build must produce or fetch first. */
import * as path from "node:path";
import { type Digest, digestOf } from "../../base/digest";
import { UnikernelError } from "../../base/errors";
import { type ContextEntry, type HashResources, hashBuildContext } from "../dockerfile/context/hashContext";
import { type DockerfileSource, readDockerfileSource } from "../dockerfile/context/source";
import { type SecretSource, readSecrets } from "../dockerfile/secrets";
import { kraftfileError } from "../kraftfile/kraftfileError";
import type { LoadedKraftfile } from "../kraftfile/loadKraftfile";
import type { FileSystemFormat, Kraftfile, RootfsSource } from "../kraftfile/model";
import { VM_PLATFORM } from "../oci/platformChoice";
import { type ReadableSource, type ReadOptions, readSource } from "../rootfs/readSource";
import { resolveSource } from "../rootfs/resolveSource";
import type { FileTree } from "../rootfs/tree";

/** How to build a Dockerfile; of no effect for other sources. */
export interface DockerfileOptions {
  /** Stage to build; `undefined`: the last one. */
  readonly target?: string | undefined;
  /** Values of `ARG` instructions. Not secret. */
  readonly args?: Readonly<Record<string, string>> | undefined;
  /** Values for `RUN --mount=type=secret,id=…`, by id. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** SSH agents and keys for `RUN --mount=type=ssh`. */
  readonly ssh?: readonly string[] | undefined;
  /** Caches to import, in the notation of `docker buildx build --cache-from`. */
  readonly cacheFrom?: readonly string[] | undefined;
  /** Caches to export, in the notation of `docker buildx build --cache-to`. */
  readonly cacheTo?: readonly string[] | undefined;
  /** Runs every step again whenever the image is built. */
  readonly noCache?: boolean | undefined;
}

/** Where the files come from. */
export type RootfsPlan =
  /** The image adds no files. */
  | { readonly type: "none" }
  /** Contents stay on disk. */
  | { readonly type: "tree"; readonly tree: FileTree }
  | {
      readonly type: "dockerfile";
      /** Absolute path of the build context. */
      readonly contextFolder: string;
      /** Relative to the build context. */
      readonly dockerfile: string;
      /** Of everything that the build reads from this machine. */
      readonly hash: Digest;
      /** The files and folders among it, the Dockerfile included. */
      readonly entries: readonly ContextEntry[];
      /** Architectures to build for, with Unikraft's names; they are part of the hash. */
      readonly architectures: readonly string[];
      /** The options among it. */
      readonly options: Pick<DockerfileOptions, "target" | "args">;
    }
  /** A container image in a registry. */
  | { readonly type: "image"; readonly reference: string };

/** A ROM: a read-only file system beside the root file system. */
export interface RomPlan {
  readonly rootfs: RootfsPlan;
  readonly format: FileSystemFormat;
}

/** The vendor's default. Source: unikraft-cloud/cli. */
const ROM_FORMAT: FileSystemFormat = "erofs";

/** Names in an error, before "and others". */
const MAX_NAMES = 3;

/** Platform of stages, which run on the architecture of the guest: `linux/amd64`. */
export const toBuildPlatform = (architecture: string): string =>
  `linux/${architecture === "x86_64" ? "amd64" : architecture}`;

/** Architectures of the image; without targets, that of VMs. */
function architecturesOf({ targets }: Kraftfile): readonly string[] {
  const architectures = new Set(targets.map(({ architecture }) => architecture));
  return architectures.size === 0 ? [VM_PLATFORM.architecture] : [...architectures];
}

/** Build secrets as the builder takes them. */
export const toSecretSources = (values: Readonly<Record<string, string>> = {}): Record<string, SecretSource> =>
  Object.fromEntries(Object.entries(values).map(([id, value]) => [id, { value }]));

/** How to plan sources. */
export interface PlanOptions extends ReadOptions, HashResources {
  readonly build?: DockerfileOptions | undefined;
}

/** A source whose files are not listed yet. Finding it takes few system calls. */
export type LocatedSource =
  | { readonly type: "image"; readonly reference: string }
  | { readonly type: "dockerfile"; readonly place: DockerfilePlace; readonly source: DockerfileSource }
  | { readonly type: "readable"; readonly source: ReadableSource; readonly label: string };

/** What a Kraftfile names. */
export interface LocatedSources {
  /** `undefined`: the image adds no files. */
  readonly rootfs: LocatedSource | undefined;
  /** In declared order. */
  readonly roms: readonly { readonly located: LocatedSource; readonly format: FileSystemFormat }[];
}

/**
 * Finds the sources of the root file system and of the ROMs. Throws `KRAFTFILE_INVALID` with the position of a path that cannot be used,
 * `CONTEXT_INVALID` for a Dockerfile that cannot be read, `INPUT_INVALID` for build secrets.
 *
 * @param context as the user wrote it, for messages
 */
export async function locateSources(
  loaded: LoadedKraftfile,
  context: string,
  build: DockerfileOptions,
): Promise<LocatedSources> {
  const { rootfs, roms } = loaded.kraftfile;
  const locate = (source: RootfsSource, key: string): Promise<LocatedSource> =>
    locateSource(loaded, context, { source, key, build });
  const located: LocatedSources["roms"][number][] = [];
  const locatedRootfs = rootfs && (await locate(rootfs, "rootfs"));
  for (const rom of roms) located.push({ located: await locate(rom, "rom"), format: rom.format ?? ROM_FORMAT });
  return { rootfs: locatedRootfs, roms: located };
}

async function locateSource(
  loaded: LoadedKraftfile,
  context: string,
  {
    source: named,
    key,
    build,
  }: { readonly source: RootfsSource; readonly key: string; readonly build: DockerfileOptions },
): Promise<LocatedSource> {
  const { folder, displayPath, text } = loaded;
  const architectures = architecturesOf(loaded.kraftfile);
  const toDockerfile = async (contextFolder: string, dockerfile: string): Promise<LocatedSource> => {
    // The values of secrets change no layer by themselves, and a hash of them would let anyone guess them.
    await readSecrets(toSecretSources(build.secrets));
    const source = await readDockerfileSource(contextFolder, dockerfile);
    return { type: "dockerfile", place: { contextFolder, dockerfile, architectures }, source };
  };
  if (named.type === "oci") return { type: "image", reference: named.path.replace(/^oci:\/\//, "") };
  const declared = named.dockerfile === undefined ? named.type : "directory";
  const source = await resolveSource(folder, named.path, declared);
  if ("problem" in source)
    throw kraftfileError(displayPath, text, [{ ...named.position, message: `${key} ${source.problem}` }]);
  // Without another word in the Kraftfile, the folder that contains the Dockerfile is the build context.
  if (source.type === "dockerfile")
    return toDockerfile(path.dirname(source.dockerfile), path.basename(source.dockerfile));
  if (source.type === "directory" && named.dockerfile !== undefined)
    return toDockerfile(source.directory, named.dockerfile);
  return { type: "readable", source, label: path.join(context, named.path) };
}

/** Plans a root file system or a ROM: lists a directory or an archive; hashes the context of a Dockerfile. Throws `CONTEXT_INVALID`. */
export async function planSource(located: LocatedSource | undefined, options: PlanOptions): Promise<RootfsPlan> {
  if (located === undefined) return { type: "none" };
  if (located.type === "image") return located;
  if (located.type === "readable")
    return { type: "tree", tree: await readSource(located.source, located.label, options) };
  const { place, source } = located;
  const { target, args } = options.build ?? {};
  const hashed = await hashPlace(place, source, { target, args }, options);
  return { type: "dockerfile", ...place, ...hashed, options: { target, args } };
}

type DockerfilePlace = Pick<
  Extract<RootfsPlan, { type: "dockerfile" }>,
  "contextFolder" | "dockerfile" | "architectures"
>;

/** Everything that the build reads from this machine, and its hash. */
async function hashPlace(
  { dockerfile, architectures }: DockerfilePlace,
  source: DockerfileSource,
  { target, args }: Pick<DockerfileOptions, "target" | "args">,
  resources: HashResources,
): Promise<{ readonly hash: Digest; readonly entries: readonly ContextEntry[] }> {
  const options = { target, platform: architectures.map(toBuildPlatform).join(","), buildArgs: args };
  const { contextHash, entries } = await hashBuildContext(source, options, new Map(), resources);
  return { hash: contextHash, entries: [[dockerfile, "file", digestOf(source.content)], ...entries] };
}

/**
 * Throws `CONTEXT_INVALID`, with the names of what differs, if the build context of a Dockerfile is not the planned one any more. A
 * builder reads the context by itself, so only a look after the build tells that it has read what was planned.
 */
export async function assertContextUnchanged(
  plan: Extract<RootfsPlan, { type: "dockerfile" }>,
  resources: HashResources,
): Promise<void> {
  const source = await readDockerfileSource(plan.contextFolder, plan.dockerfile);
  const { hash, entries } = await hashPlace(plan, source, plan.options, resources);
  if (hash === plan.hash) return;
  const [before, after] = [plan.entries, entries].map((rows) => new Map(rows.map((row) => [row[0], row.join("\0")])));
  const names = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])]);
  const changed = [...names].filter((name) => before?.get(name) !== after?.get(name)).map((name) => `'${name}'`);
  throw new UnikernelError(
    "CONTEXT_INVALID",
    `The build context of '${plan.dockerfile}' changed while the image was being built: ${changed.slice(0, MAX_NAMES).join(", ")}${changed.length > MAX_NAMES ? " and others" : ""}.`,
    { property: "context", hint: "Retry when nothing writes to the image context." },
  );
}
