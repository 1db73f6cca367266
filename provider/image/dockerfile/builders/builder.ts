/** The tools that can build a Dockerfile, and which of those that were found is used. Pure. */
import { UnikernelError } from "../../../base/errors";

/** In order of preference. */
export const BUILDER_NAMES = ["buildkit", "buildx", "podman", "buildah"] as const;

/** Name of a builder: the values of `UNIKERNEL_BUILDER`. */
export type BuilderName = (typeof BUILDER_NAMES)[number];

/** What a podman or buildah can do, and where it keeps images. */
export interface ContainersTool {
  readonly name: "podman" | "buildah";
  /** Path of the program. */
  readonly tool: string;
  readonly version: string;
  /** The Dockerfile parser knows here-documents: buildah 1.33 or newer. */
  readonly hasHeredocs: boolean;
  /** Options of the `build` command, such as `--ssh`. */
  readonly options: ReadonlySet<string>;
  /** A podman that talks to a podman in a VM or on another host, which has its own storage. */
  readonly isRemote: boolean;
}

/** A usable builder. */
export type Builder =
  | { readonly name: "buildkit"; readonly tool: string; readonly version: string }
  | {
      readonly name: "buildx";
      readonly tool: string;
      readonly version: string;
      /** The builder cannot write OCI layouts; the image is read back from Docker's image store. */
      readonly usesImageStore: boolean;
    }
  | ContainersTool;

/** Result of looking for one builder. */
export type Probe =
  | { readonly name: BuilderName; readonly builder: Builder }
  | {
      readonly name: BuilderName;
      /** Clause that says what is missing, such as `buildah is not on PATH`. */
      readonly problem: string;
      /** The user has set it up, so that its failure is worth a warning. */
      readonly isConfigured: boolean;
    };

/** How to get a builder, for the hint of an error. */
const INSTALL_HINT =
  "On Debian or Ubuntu, run 'sudo apt-get install buildah', which needs no daemon. Otherwise install Docker with buildx (https://docs.docker.com/engine/install/) or podman (https://podman.io), or set BUILDKIT_HOST and install buildctl (https://github.com/moby/buildkit/releases).";

/**
 * The first usable builder, and warnings about those before it that the user has set up. Throws `BUILDER_MISSING` if there is none.
 *
 * @param probes in order of preference; only the forced one if one is forced
 * @param forced value of `UNIKERNEL_BUILDER`
 */
export function chooseBuilder(
  probes: readonly Probe[],
  forced?: BuilderName,
): { readonly builder: Builder; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const problems: string[] = [];
  for (const probe of probes) {
    if ("builder" in probe) {
      return { builder: probe.builder, warnings: warnings.map((text) => `${text}; using ${probe.name} instead.`) };
    }
    problems.push(probe.problem);
    if (probe.isConfigured) warnings.push(probe.problem);
  }
  const [subject, hint] =
    forced === undefined
      ? ["No tool that builds Dockerfiles was found", INSTALL_HINT]
      : [
          `'${forced}', which UNIKERNEL_BUILDER selects, cannot build Dockerfiles`,
          "Install it, or unset the variable.",
        ];
  throw new UnikernelError("BUILDER_MISSING", `${subject}: ${problems.join("; ")}.`, { hint });
}

/** The builder that `UNIKERNEL_BUILDER` selects; `undefined` when it is unset. Throws `CONFIG_INVALID` for any other value. */
export function parseForcedBuilder(value: string | undefined): BuilderName | undefined {
  if (value === undefined) return undefined;
  const name = BUILDER_NAMES.find((candidate) => candidate === value);
  if (name !== undefined) return name;
  throw new UnikernelError("CONFIG_INVALID", `UNIKERNEL_BUILDER is '${value}'.`, {
    hint: `Set it to ${BUILDER_NAMES.join(", ")}, or unset it.`,
  });
}
