/** Chooses one platform of an image index. Pure. */
import { type Descriptor, type Platform, formatPlatform } from "./descriptor";

/** The platform to choose: an architecture, and operating systems in order of preference. */
export interface PlatformChoice {
  readonly architecture: string;
  readonly os: readonly string[];
  /** Accept any other operating system after those in `os`. Defaults to false. */
  readonly acceptsAnyOs?: boolean;
  /** Without this architecture, accept the first platform of another. Defaults to false. */
  readonly acceptsAnyArchitecture?: boolean;
}

/** Chooses one platform and no other; kernel options and versions do not matter. */
export const onlyPlatform = ({ os, architecture }: Platform): PlatformChoice => ({ os: [os], architecture });

/** The platform of VMs: kernels for QEMU first; `kraftcloud` and `fc` kernels are built for KVM too. */
export const VM_PLATFORM: PlatformChoice = {
  architecture: "x86_64",
  os: ["qemu", "kraftcloud", "fc"],
  acceptsAnyOs: true,
};

/** That of VMs, else any: for what all platforms of an image have in common. */
export const ANY_PLATFORM: PlatformChoice = { ...VM_PLATFORM, acceptsAnyArchitecture: true };

/** Unikraft's names of architectures, by Go's, which container images use. */
const UNIKRAFT_NAMES: Readonly<Record<string, string>> = { amd64: "x86_64", aarch64: "arm64" };

/** An architecture under one name, whichever tool wrote it. */
export const canonicalArchitecture = (name: string): string => UNIKRAFT_NAMES[name] ?? name;

/** The entry for a platform; `undefined` if there is none. An only entry without a platform is taken as it is. */
export function chooseManifest(manifests: readonly Descriptor[], choice: PlatformChoice): Descriptor | undefined {
  const images = manifests.filter((entry) => !isAttestation(entry));
  const [first] = images;
  if (images.length === 1 && first?.platform === undefined) return first;
  const rank = ({ platform }: Descriptor): number => {
    const at = choice.os.indexOf(platform?.os ?? "");
    return at < 0 ? choice.os.length : at;
  };
  const [best] = images
    .filter(({ platform }) => platform !== undefined && matchesPlatform(platform, choice))
    .toSorted((a, b) => rank(a) - rank(b));
  return best ?? (choice.acceptsAnyArchitecture === true ? first : undefined);
}

/** True if a platform is one of those that the choice accepts. */
export const matchesPlatform = ({ os, architecture }: Platform, choice: PlatformChoice): boolean =>
  canonicalArchitecture(architecture) === canonicalArchitecture(choice.architecture) &&
  (choice.acceptsAnyOs === true || choice.os.includes(os));

/**
 * True for an entry that is not an image: BuildKit adds provenance as further entries of an index.
 *
 * Source: BuildKit, docs/attestations/attestation-storage.md.
 */
export const isAttestation = ({ platform, annotations }: Descriptor): boolean =>
  annotations?.["vnd.docker.reference.type"] !== undefined ||
  (platform?.os === "unknown" && platform.architecture === "unknown");

/** The platforms that an index offers, for messages. */
export const describePlatforms = (manifests: readonly Descriptor[]): string =>
  manifests
    .filter((entry) => !isAttestation(entry))
    .map(({ platform }) => (platform === undefined ? "an unnamed platform" : formatPlatform(platform)))
    .join(", ") || "no platform";
