/** Settings of a Tyk gateway, with names and defaults that work in a unikernel. */
import type { ScaleToZeroArgs } from "../types";
import type { TykArgs, TykGateway } from "./args";
import { DEFAULTS, configText } from "./configFile";
import { environment } from "./environment";
import { assertConsistent } from "./consistency";
import { gateOf } from "./gate";
import { reloadOf } from "./reload";
import { assertSettings } from "./settings";

/**
 * A gateway with a control plane keeps its memory, because it would otherwise fetch its APIs again at each wake. Its connections to
 * MDCB and Redis stay open and silent, so it counts as idle despite them. The cooldown is longer than Tyk's interval between checks.
 */
const CONTROLLED_STANDBY: ScaleToZeroArgs = { policy: "idle", stateful: true, cooldownTimeMs: 15_000 };
/** A gateway that loads its APIs from files loses nothing. */
const FILE_STANDBY: ScaleToZeroArgs = { policy: "idle", stateful: false, cooldownTimeMs: 1_000 };

/**
 * Turns settings of a Tyk gateway into what a GatewayImage and a Service take: the configuration file, the environment with Tyk's
 * names, a gate for rollouts, a request for reloads, and when to go to standby.
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
  assertSettings(args);
  assertConsistent(args);
  const { controlPlane, listenPort = DEFAULTS.listenPort, configPath = DEFAULTS.configPath } = args;
  const { secret, variables } = environment(args);
  return {
    files: { [configPath]: configText(args) },
    env: variables,
    gate: gateOf(args.version, listenPort),
    reload: reloadOf(secret, listenPort),
    scaleToZero: controlPlane === undefined ? FILE_STANDBY : CONTROLLED_STANDBY,
    listenPort,
  };
}
