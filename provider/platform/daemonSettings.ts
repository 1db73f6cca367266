/** What a daemon can be told when it is started, on its command line and by the environment. Pure. */
import { parseOptions } from "../base/commandLineOptions";
import type { DaemonSettings } from "../contract/daemonFile";
import {
  DEFAULT_QUOTAS,
  flattenQuotas,
  type FlatQuotas,
  parseQuotaEntries,
  type Quotas,
  resolveQuotas,
} from "./quota/quotaSettings";

/** What was asked of a daemon; the rest is as usual. */
export interface RequestedSettings {
  /** Never ends by itself. */
  readonly stay: boolean;
  /** See `PlatformParts.strict2026`. */
  readonly strict2026: boolean;
  readonly quotas: Partial<FlatQuotas>;
}

/**
 * The settings of a command line such as `--stay --strict-2026 --quota instances=10`. Throws `INPUT_INVALID`.
 *
 * @param environmentQuotas `UNIKERNEL_QUOTAS`: `instances=10,total_volume_mb=100`; what the command line sets counts more
 */
export function parseSettings(args: readonly string[], environmentQuotas: string | undefined): RequestedSettings {
  const options = parseOptions(args, { stay: "switch", "strict-2026": "switch", quota: "list" });
  const quotas = {
    ...parseQuotaEntries(environmentQuotas?.split(",") ?? []),
    ...parseQuotaEntries(options.quota),
  };
  resolveQuotas(quotas);
  return { stay: options.stay, strict2026: options["strict-2026"], quotas };
}

/** Settings as a daemon tells them. */
export const toDaemonSettings = (stay: boolean, strict2026: boolean, quotas: Quotas): DaemonSettings => ({
  stay,
  strict2026,
  quotas: { ...flattenQuotas(quotas) },
});

/** The options that bring a daemon to its settings, such as `--stay`; those that are as usual are left out. */
export function toCommandLineOptions({ stay, strict2026, quotas }: DaemonSettings): readonly string[] {
  const usual: Readonly<Record<string, number>> = flattenQuotas(DEFAULT_QUOTAS);
  return [
    ...(stay ? ["--stay"] : []),
    ...(strict2026 ? ["--strict-2026"] : []),
    ...Object.entries(quotas).flatMap(([name, value]) => (usual[name] === value ? [] : [`--quota ${name}=${value}`])),
  ];
}

/** The options that were asked for and that a running daemon does not have. */
export function unmetOptions(asked: RequestedSettings, running: DaemonSettings): readonly string[] {
  return [
    ...(asked.stay && !running.stay ? ["--stay"] : []),
    ...(asked.strict2026 && !running.strict2026 ? ["--strict-2026"] : []),
    ...Object.entries(asked.quotas).flatMap(([name, value]) =>
      running.quotas[name] === value ? [] : [`--quota ${name}=${value}`],
    ),
  ];
}
