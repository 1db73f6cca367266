/** The settings of a daemon, from its command line and environment. Pure. */
import { parseOptions } from "../base/commandLineOptions";
import { UnikernelError } from "../base/errors";
import type { DaemonSettings } from "../contract/daemonFile";
import {
  DEFAULT_QUOTAS,
  flattenQuotas,
  type FlatQuotas,
  parseEnvironmentQuotas,
  parseQuotaEntries,
  type Quotas,
  resolveQuotas,
} from "./quota/quotaSettings";

/** Settings that were requested for a daemon; all others have their defaults. */
export interface RequestedSettings {
  /** Keep running when idle. */
  readonly stay: boolean;
  /** Quotas that differ from the defaults. */
  readonly quotas: Partial<FlatQuotas>;
  /** Port of the API on the loopback; `undefined`: any free one. */
  readonly port: number | undefined;
}

const MAX_PORT = 65_535;

/**
 * Parses a command line such as `--stay --port 7700 --quota instances=10`. Throws `INPUT_INVALID`.
 *
 * @param environmentQuotas value of `UNIKERNEL_QUOTAS`, such as `instances=10,total_volume_mb=100`; the command line takes
 *   precedence
 */
export function parseSettings(args: readonly string[], environmentQuotas: string | undefined): RequestedSettings {
  const options = parseOptions(args, { stay: "switch", quota: "list", port: "list" });
  const quotas = {
    ...parseEnvironmentQuotas(environmentQuotas),
    ...parseQuotaEntries(options.quota),
  };
  resolveQuotas(quotas);
  return { stay: options.stay, quotas, port: parsePort(options.port.at(-1)) };
}

function parsePort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= MAX_PORT) return port;
  throw new UnikernelError("INPUT_INVALID", `Invalid port '${text}'.`, {
    hint: `Give a number from 1 to ${MAX_PORT}.`,
  });
}

/** Settings in the form that a running daemon reports. */
export const toDaemonSettings = (stay: boolean, quotas: Quotas, port?: number): DaemonSettings => ({
  stay,
  quotas: { ...flattenQuotas(quotas) },
  ...(port === undefined ? {} : { port }),
});

/** The command-line options that produce these settings, such as `--stay`; defaults are omitted. */
export function toCommandLineOptions({ stay, quotas, port }: DaemonSettings): readonly string[] {
  const defaults: Readonly<Record<string, number>> = flattenQuotas(DEFAULT_QUOTAS);
  return [
    ...(stay ? ["--stay"] : []),
    ...(port === undefined ? [] : [`--port ${port}`]),
    ...Object.entries(quotas).flatMap(([name, value]) =>
      defaults[name] === value ? [] : [`--quota ${name}=${value}`],
    ),
  ];
}

/** The options that were requested but that a running daemon does not have. */
export function unmetOptions(requested: RequestedSettings, running: DaemonSettings): readonly string[] {
  return [
    ...(requested.stay && !running.stay ? ["--stay"] : []),
    ...(requested.port === undefined || requested.port === running.port ? [] : [`--port ${requested.port}`]),
    ...Object.entries(requested.quotas).flatMap(([name, value]) =>
      running.quotas[name] === value ? [] : [`--quota ${name}=${value}`],
    ),
  ];
}
