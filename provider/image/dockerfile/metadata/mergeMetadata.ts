/** Merges what a Dockerfile, a Kraftfile and a program say about an image. Pure. */
import { type Lookup, resolveCommand } from "./guestCommand";
import type { ImageConfig } from "./imageConfig";

/** What decides how an image runs, in order of rising precedence. */
export interface MetadataSources {
  readonly runtime: { readonly cmd?: readonly string[] | undefined; readonly env?: Readonly<Record<string, string>> };
  /** From the Dockerfile or OCI image that the root file system comes from. */
  readonly image: ImageConfig;
  readonly kraftfile: {
    readonly cmd?: readonly string[] | undefined;
    readonly env: Readonly<Record<string, string>>;
    readonly labels: Readonly<Record<string, string>>;
  };
  /** From the arguments of GatewayImage. */
  readonly program: {
    readonly env?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly lookup: Lookup;
}

/** How the image runs. */
export interface ImageMetadata {
  /** The whole argv, for `Cmd`; `Entrypoint` stays empty, so that every reader runs the same command. */
  readonly cmd: readonly string[];
  /** Each name once, at the place where it first occurs. */
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** For tools that read it: a guest starts in `/`. `undefined` if it is `/`. */
  readonly workingDir: string | undefined;
  /** Sentences. */
  readonly warnings: readonly string[];
}

/** Merges the metadata of an image. ENV and LABEL of the Dockerfile < Kraftfile < program; the runtime's variables are the defaults. */
export function mergeMetadata({ runtime, image, kraftfile, program, lookup }: MetadataSources): ImageMetadata {
  const { cmd, warnings } = resolveCommand({
    kraftfileCmd: kraftfile.cmd,
    image,
    runtimeCmd: runtime.cmd,
    lookup,
  });
  return {
    cmd,
    env: mergeByName(runtime.env ?? {}, image.env, kraftfile.env, program.env ?? {}),
    labels: mergeByName(image.labels, kraftfile.labels, program.labels ?? {}),
    workingDir: image.workingDir === "/" ? undefined : image.workingDir,
    warnings: [...warnings, ...warnAboutIneffective(image)],
  };
}

/** Later values win; a name keeps its first place. */
function mergeByName(...records: readonly Readonly<Record<string, string>>[]): Readonly<Record<string, string>> {
  const merged = new Map<string, string>();
  for (const [name, value] of records.flatMap((record) => Object.entries(record))) merged.set(name, value);
  return Object.fromEntries(merged);
}

/** A warning for each instruction that containers honour and guests do not. Source: unikraft.com documentation, "Dockerfile". */
function warnAboutIneffective(image: ImageConfig): readonly string[] {
  const list = (values: readonly string[]): string | undefined => (values.length === 0 ? undefined : values.join(" "));
  const rows: readonly (readonly [instruction: string, value: string | undefined, advice: string])[] = [
    ["USER", isRoot(image.user) ? undefined : image.user, "the program runs as root"],
    ["EXPOSE", list(image.exposedPorts), "list them in the 'ports' of a Service or of an Instance's 'serviceGroup'"],
    ["VOLUME", list(image.volumes), "attach a Volume to the Instance"],
    ["STOPSIGNAL", image.stopSignal === "SIGTERM" ? undefined : image.stopSignal, "a guest is stopped with SIGTERM"],
    ["HEALTHCHECK", image.hasHealthcheck ? "" : undefined, "set the Service's 'healthCheck'"],
    ["SHELL", list(image.shell), "it only counts during the build"],
    ["ONBUILD", list(image.onBuild), "it counts for images built on top of this one"],
  ];
  return rows.flatMap(([instruction, value, advice]) =>
    value === undefined
      ? []
      : [`${`${instruction} ${value}`.trim()} of the Dockerfile has no effect on a guest: ${advice}.`],
  );
}

const isRoot = (user: string | undefined): boolean => user === undefined || /^(root|0)(:(root|0))?$/.test(user);
