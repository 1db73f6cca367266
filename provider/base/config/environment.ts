/**
 * Reads all environment variables of this package; no other file does, so this list is complete:
 *
 * | variable | meaning |
 * | --- | --- |
 * | `UKC_METRO`, `UKC_TOKEN` | metro and token; the vendor's tools read the same variables |
 * | `UNIKERNEL_CONTROL_PLANE`, `UNIKERNEL_TIMEOUTS`, `UNIKERNEL_MAX_CONCURRENCY`, `UNIKERNEL_PROXY` | the other settings of a Provider |
 * | `UNIKERNEL_ROLLOUT_EVENTS_FILE` | file that receives the events of rollouts as JSON lines; a setting of a Provider as well |
 * | `CI`, `TF_BUILD`, `JENKINS_URL`, `TEAMCITY_VERSION`, `CODEBUILD_BUILD_ARN` | set by systems that run builds: rollouts print fewer lines |
 * | `UNIKERNEL_STATE_DIR` | state folder of the local platform |
 * | `UNIKERNEL_CACHE_DIR` | cache of runtimes, base images and digests |
 * | `UNIKERNEL_QEMU` | path of the QEMU binary |
 * | `UNIKERNEL_QUOTAS` | quotas of the local platform, such as `instances=10,total_volume_mb=100` |
 * | `DOCKER_CONFIG` | folder of Docker's `config.json`, which holds credentials of registries |
 * | `UNIKERNEL_ACCEL` | `kvm`, `hvf` or `tcg`: overrides the accelerator probe |
 * | `UNIKERNEL_BUILDER` | `buildkit`, `buildx`, `podman` or `buildah`: what builds Dockerfiles |
 * | `BUILDKIT_HOST` | address of a BuildKit daemon; `buildctl` reads it itself |
 * | `XDG_STATE_HOME`, `XDG_CACHE_HOME`, `XDG_RUNTIME_DIR`, `PATH` | as everywhere |
 * | `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY` | as everywhere; axios reads them itself |
 */
const SETTING_VARIABLES = [
  "UKC_METRO",
  "UKC_TOKEN",
  "UNIKERNEL_CONTROL_PLANE",
  "UNIKERNEL_TIMEOUTS",
  "UNIKERNEL_MAX_CONCURRENCY",
  "UNIKERNEL_PROXY",
  "UNIKERNEL_ROLLOUT_EVENTS_FILE",
] as const;
const INHERITED_VARIABLES = [
  "UNIKERNEL_STATE_DIR",
  "UNIKERNEL_CACHE_DIR",
  "UNIKERNEL_QEMU",
  "UNIKERNEL_ACCEL",
  "UNIKERNEL_QUOTAS",
  "DOCKER_CONFIG",
  "XDG_STATE_HOME",
  "XDG_CACHE_HOME",
  "XDG_RUNTIME_DIR",
  "PATH",
] as const;

/** Of interest while an image is built; a daemon needs none of them. */
const BUILD_VARIABLES = ["UNIKERNEL_BUILDER", "BUILDKIT_HOST"] as const;

/** Set by systems that run builds and keep their logs. Most set `CI`. */
const CI_VARIABLES = ["CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION", "CODEBUILD_BUILD_ARN"] as const;

/** True in a job of a CI system. */
export const isCi = (): boolean =>
  CI_VARIABLES.some((name) => !["", "false", "0"].includes((process.env[name] ?? "").toLowerCase()));

/** Name of a variable that this package reads. */
export type EnvironmentVariable = (
  typeof SETTING_VARIABLES | typeof INHERITED_VARIABLES | typeof BUILD_VARIABLES
)[number];

/** The value of a variable; `undefined` when unset or empty. */
export function environmentVariable(name: EnvironmentVariable): string | undefined {
  const value = process.env[name];
  return value === "" ? undefined : value;
}

/** The value of a variable that the user's program names, such as the source of a build secret. `undefined` when unset. */
export const namedVariable = (name: string): string | undefined => process.env[name];

/** The whole environment with changes: for a tool of the user's, which reads its own configuration from there. */
export const toolEnvironment = (changes: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...process.env,
  ...changes,
});

/** Variables that any program may need, besides those of this package. */
const COMMON_VARIABLES = ["HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "SystemRoot"] as const;

/**
 * The environment of programs that outlive this process: paths and settings of the local platform only. A provider's own
 * environment may hold secrets, such as cloud credentials or the stack's passphrase, which a daemon or VM must not receive.
 */
export function detachedProcessEnvironment(): Readonly<Record<string, string>> {
  const names = [...INHERITED_VARIABLES, ...COMMON_VARIABLES];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
