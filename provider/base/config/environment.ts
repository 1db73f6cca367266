/**
 * The only reader of environment variables in this package, so that the list of names is complete:
 *
 * | variable | meaning |
 * | --- | --- |
 * | `UKC_METRO`, `UKC_TOKEN` | metro and token, the names the vendor's own tools read |
 * | `UNIKERNEL_CONTROL_PLANE`, `UNIKERNEL_TIMEOUTS`, `UNIKERNEL_MAX_CONCURRENCY`, `UNIKERNEL_PROXY` | the other settings of a Provider |
 * | `UNIKERNEL_STATE_DIR` | state folder of the local platform |
 * | `UNIKERNEL_CACHE_DIR` | cache of runtimes |
 * | `UNIKERNEL_QEMU` | path of the QEMU binary |
 * | `UNIKERNEL_QUOTAS` | quotas of the local platform, such as `instances=10,total_volume_mb=100` |
 * | `UNIKERNEL_ACCEL` | `kvm`, `hvf` or `tcg`: overrides the accelerator probe |
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
] as const;
const INHERITED_VARIABLES = [
  "UNIKERNEL_STATE_DIR",
  "UNIKERNEL_CACHE_DIR",
  "UNIKERNEL_QEMU",
  "UNIKERNEL_ACCEL",
  "UNIKERNEL_QUOTAS",
  "XDG_STATE_HOME",
  "XDG_CACHE_HOME",
  "XDG_RUNTIME_DIR",
  "PATH",
] as const;

/** A variable that this package reads. */
export type EnvironmentVariable = (typeof SETTING_VARIABLES | typeof INHERITED_VARIABLES)[number];

/** The value of a variable; `undefined` when unset or empty. */
export function environmentVariable(name: EnvironmentVariable): string | undefined {
  const value = process.env[name];
  return value === "" ? undefined : value;
}

/** What any program may expect, beside the variables of this package. */
const COMMON_VARIABLES = ["HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "SystemRoot"] as const;

/**
 * The environment for programs that outlive this process: where things are, and nothing else. A provider process is full of
 * other people's secrets (cloud credentials, the stack's passphrase), which a daemon or a VM has no use for.
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
