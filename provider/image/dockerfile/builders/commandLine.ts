/** The command line of a build, for each builder. Pure. */
import * as path from "node:path";
import type { Builder, ContainersTool } from "./builder";

/** A build with all values resolved: every path is absolute, and every secret is in a file. */
export interface ResolvedBuild {
  readonly contextFolder: string;
  readonly dockerfile: string;
  /** Ignore file for podman and buildah; the others find the user's. */
  readonly ignoreFile: string;
  readonly target: string | undefined;
  readonly platform: string | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** File of each secret, by id. */
  readonly secretFiles: ReadonlyMap<string, string>;
  /** `default`, `<id>` or `<id>=<socket or key>`. */
  readonly ssh: readonly string[];
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
  readonly noCache: boolean;
  /** Folder to create, with the OCI layout. */
  readonly ociLayout: string;
  /** File for the id of an image that goes through an image store first. */
  readonly idFile: string;
  /** Storage of podman and buildah. */
  readonly storage: { readonly root: string; readonly runRoot: string };
}

/** Layers without compression are read fastest, and no reader needs to know zstd. */
const OCI_OUTPUT = ["type=oci", "tar=false", "compression=uncompressed", "force-compression=true"];

/** Arguments of the build command. */
export function buildArguments(builder: Builder, build: ResolvedBuild): readonly string[] {
  switch (builder.name) {
    case "buildkit":
      return buildctlArguments(build);
    case "buildx":
      return buildxArguments(build, builder.usesImageStore);
    case "podman":
    case "buildah":
      return [...storageArguments(builder, build), ...containersArguments(builder, build)];
    default:
      return builder satisfies never;
  }
}

function buildctlArguments(build: ResolvedBuild): readonly string[] {
  return [
    ...["build", "--progress", "plain", "--frontend", "dockerfile.v0"],
    ...["--local", `context=${build.contextFolder}`, "--local", `dockerfile=${path.dirname(build.dockerfile)}`],
    ...["--opt", `filename=${path.basename(build.dockerfile)}`],
    ...optional(build.target, (target) => ["--opt", `target=${target}`]),
    ...optional(build.platform, (platform) => ["--opt", `platform=${platform}`]),
    ...Object.entries(build.buildArgs).flatMap(([name, value]) => ["--opt", `build-arg:${name}=${value}`]),
    ...(build.noCache ? ["--no-cache"] : []),
    ...secretArguments(build),
    ...build.ssh.flatMap((value) => ["--ssh", value]),
    ...build.cacheFrom.flatMap((value) => ["--import-cache", toCacheOption(value)]),
    ...build.cacheTo.flatMap((value) => ["--export-cache", toCacheOption(value)]),
    ...["--output", csv([...OCI_OUTPUT, `dest=${build.ociLayout}`])],
  ];
}

function buildxArguments(build: ResolvedBuild, usesImageStore: boolean): readonly string[] {
  return [
    // Attestations would make the result an index.
    ...["buildx", "build", "--progress", "plain", "--provenance=false", "--sbom=false"],
    ...["--file", build.dockerfile],
    ...optional(build.target, (target) => ["--target", target]),
    ...optional(build.platform, (platform) => ["--platform", platform]),
    ...Object.entries(build.buildArgs).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
    ...(build.noCache ? ["--no-cache"] : []),
    ...secretArguments(build),
    ...build.ssh.flatMap((value) => ["--ssh", value]),
    ...build.cacheFrom.flatMap((value) => ["--cache-from", toCacheOption(value)]),
    ...build.cacheTo.flatMap((value) => ["--cache-to", toCacheOption(value)]),
    ...(usesImageStore
      ? ["--load", "--iidfile", build.idFile]
      : ["--output", csv([...OCI_OUTPUT, `dest=${build.ociLayout}`])]),
    build.contextFolder,
  ];
}

/**
 * `chroot` isolation needs neither a daemon nor a network of its own, and leaves no bridge behind. Docker's image format has the
 * instructions that OCI's drops.
 */
function containersArguments(builder: ContainersTool, build: ResolvedBuild): readonly string[] {
  return [
    ...["build", "--layers", "--format", "docker", ...(builder.isRemote ? [] : ["--isolation", "chroot"])],
    ...(builder.options.has("--identity-label") ? ["--identity-label=false"] : []), // else it adds a label of its own
    ...["--file", build.dockerfile, "--iidfile", build.idFile],
    ...["--ignorefile", build.ignoreFile],
    ...optional(build.target, (target) => ["--target", target]),
    ...optional(build.platform, (platform) => ["--platform", platform]),
    ...Object.entries(build.buildArgs).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
    ...(build.noCache ? ["--no-cache"] : []),
    ...[...build.secretFiles].flatMap(([id, file]) => ["--secret", `id=${id},src=${file}`]),
    ...build.ssh.flatMap((value) => ["--ssh", value]),
    ...build.cacheFrom.flatMap((value) => optional(registryCache(value), (ref) => ["--cache-from", ref])),
    ...build.cacheTo.flatMap((value) => optional(registryCache(value), (ref) => ["--cache-to", ref])),
    build.contextFolder,
  ];
}

/** Options before the command that select a storage of this package's own. */
export const storageArguments = (builder: ContainersTool, { storage }: ResolvedBuild): readonly string[] =>
  builder.isRemote ? [] : ["--root", storage.root, "--runroot", storage.runRoot];

/** The repository of a cache that podman and buildah can use: `type=registry` only, without a tag. `undefined` for others. */
export function registryCache(option: string): string | undefined {
  const fields = new Map(
    option.split(",").map((field) => {
      const [name = "", ...value] = field.split("=");
      return [name, value.join("=")] as const;
    }),
  );
  const reference = option.includes("=") ? (fields.get("type") === "registry" ? fields.get("ref") : undefined) : option;
  return reference?.replace(/@.*$|:[^:/]*$/, "");
}

/** A bare reference means a cache in a registry, as for docker. */
const toCacheOption = (value: string): string => (value.includes("=") ? value : `type=registry,ref=${value}`);

const secretArguments = ({ secretFiles }: ResolvedBuild): readonly string[] =>
  [...secretFiles].flatMap(([id, file]) => ["--secret", csv([`id=${id}`, `src=${file}`])]);

const optional = <T>(value: T | undefined, toArguments: (value: T) => readonly string[]): readonly string[] =>
  value === undefined ? [] : toArguments(value);

/** One line of CSV, as docker's tools parse such options: a path may contain a comma. */
const csv = (fields: readonly string[]): string =>
  fields.map((field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",");
