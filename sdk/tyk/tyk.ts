/** Settings of a Tyk gateway, with names and defaults that work in a unikernel. */
import type { ScaleToZeroArgs } from "../types";
import type { TykArgs, TykGateway } from "./args";
import { assertGuestPath, assertPort, settingError } from "./checks";
import { DEFAULTS, configText } from "./configFile";
import { environment } from "./environment";
import { gateOf } from "./gate";

/**
 * A gateway with a control plane keeps its memory, because it would otherwise fetch its APIs again at each wake. Its connections to
 * MDCB and Redis stay open and silent, so it counts as idle despite them. The cooldown is longer than Tyk's interval between checks.
 */
const CONTROLLED_STANDBY: ScaleToZeroArgs = { policy: "idle", stateful: true, cooldownTimeMs: 15_000 };
/** A gateway that loads its APIs from files loses nothing. */
const FILE_STANDBY: ScaleToZeroArgs = { policy: "idle", stateful: false, cooldownTimeMs: 1_000 };

/**
 * Turns settings of a Tyk gateway into what a GatewayImage and a Service take: the configuration file, the environment with Tyk's
 * names, the gate of a new replica, and when to go to standby.
 *
 * ```ts
 * const tyk = unikernel.tyk({ version: "5.8.3", secret: cfg.requireSecret("tykSecret"), redis: { host: redis.privateFqdn } });
 * const image = new unikernel.GatewayImage("gateway", { context: "./gateway", files: tyk.files });
 * new unikernel.Service("gateway", {
 *   ports: [{ port: 443, destinationPort: tyk.listenPort, handlers: ["tls", "http"] }],
 *   template: { image: image.ref, memoryMb: 512, env: tyk.env, scaleToZero: tyk.scaleToZero },
 *   rollout: { gate: tyk.gate },
 * });
 * ```
 *
 * Throws a `RunError` with `INPUT_INVALID` for a setting that the gateway would accept and fail with later, such as the public default
 * secret or an address with a scheme. An output is checked as soon as it is known.
 */
export function tyk(args: TykArgs): TykGateway {
  const { controlPlane, tags = [], policyFile, redis } = args;
  const { listenPort = DEFAULTS.listenPort, configPath = DEFAULTS.configPath } = args;
  assertPort("listenPort", listenPort);
  if (redis.port !== undefined) assertPort("redis.port", redis.port);
  if (redis.addresses !== undefined && redis.port !== undefined)
    throw settingError("redis.port", "has no effect with 'addresses'; write each of them as 'host:port'.");
  assertGuestPath("configPath", configPath);
  for (const name of ["templatePath", "appPath", "middlewarePath", "policyFile"] as const) {
    const path = args[name];
    if (path !== undefined) assertGuestPath(name, path);
  }
  if (controlPlane !== undefined && policyFile !== undefined)
    throw settingError("policyFile", "has no effect with a control plane, which provides the policies.");
  if (controlPlane === undefined && args.analytics === true)
    throw settingError("analytics", "needs a control plane, to which MDCB sends them.");
  // The gateway splits the list at commas and keeps blanks.
  const wrong = tags.find((tag) => !/^[^\s,]+$/.test(tag));
  if (wrong !== undefined) throw settingError("tags", `must have neither blanks nor commas, got '${wrong}'.`);
  return {
    files: { [configPath]: configText(args) },
    env: environment(args),
    gate: gateOf(args.version, listenPort),
    scaleToZero: controlPlane === undefined ? FILE_STANDBY : CONTROLLED_STANDBY,
    listenPort,
  };
}
