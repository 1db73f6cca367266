/** Rules of a RolloutWave. Pure. */
import { formatNumber } from "../../base/formatNumber";
import type { CheckFailure, Rule } from "../../definition/resource";
import { DEFAULT_INTERVAL_MS, gateTypeOf } from "../service/rollout/gateInput";
import { GATE_PATHS, checkGate } from "../service/rollout/gateRules";
import type { PublishedPort } from "../service/ports";
import { rolloutInput } from "../service/rollout/input";
import { isPublished } from "../service/rollout/policy";
import type { WaveInputs } from "./inputs";

function checkDuplicates({ services }: WaveInputs): readonly CheckFailure[] {
  return services.flatMap(({ uuid, name }, index) =>
    services.findIndex((other) => other.uuid === uuid) === index
      ? []
      : [{ property: `services[${index}]`, reason: `service '${name}' is in the wave twice; list it once.` }],
  );
}

/** A gate that could not have passed when the bake is over. */
function checkBake({ gate, bakeTimeMs }: WaveInputs): readonly CheckFailure[] {
  if (gate === undefined || gateTypeOf(gate) === "running") return [];
  const { startPeriodMs = 0, intervalMs = DEFAULT_INTERVAL_MS, successThreshold = 1 } = gate;
  const neededMs = startPeriodMs + intervalMs * (successThreshold - 1);
  if (neededMs <= bakeTimeMs) return [];
  const reason = `must be at least startPeriodMs (${formatNumber(startPeriodMs)}) + intervalMs (${formatNumber(intervalMs)}) × (successThreshold (${successThreshold}) − 1) = ${formatNumber(neededMs)}, which the gate may need to pass; got ${formatNumber(bakeTimeMs)}.`;
  return [{ property: "bakeTimeMs", reason }];
}

/** The gate, for the ports of each service. A wave has no replica that waits, so nothing can be held. */
function checkWaveGate({ gate, ports = {} }: WaveInputs): readonly CheckFailure[] {
  if (gate === undefined) return [];
  if (gate.holdTimeoutMs !== undefined)
    return [
      { property: "gate.holdTimeoutMs", reason: "has no effect in a wave; set it in the service's rollout.gate." },
    ];
  const rollout = { ...rolloutInput.parse({}), gate, healthyWithinMs: Infinity };
  const failures = Object.entries(ports).flatMap(([service, published]) =>
    [...checkGate(published, rollout), ...checkReachable(gate, published)].map(({ property, reason }) => ({
      property: property.replace(/^rollout\./, ""),
      reason: `${reason} (service '${service}')`,
    })),
  );
  return failures.slice(0, 1);
}

/** Unlike a replica's own gate, that of a wave goes through published ports only. */
function checkReachable(
  { port }: NonNullable<WaveInputs["gate"]>,
  published: readonly PublishedPort[],
): readonly CheckFailure[] {
  if (port === undefined || isPublished(published, port)) return [];
  return [{ property: "gate.port", reason: `no published port leads to ${port} inside the instance.` }];
}

/** The rules of a RolloutWave. */
export const waveRules: readonly Rule<WaveInputs>[] = [
  { reads: ["services"], test: checkDuplicates },
  {
    reads: [
      "bakeTimeMs",
      ...(["type", "path", "startPeriodMs", "intervalMs", "successThreshold"] as const).map(
        (name) => `gate.${name}` as const,
      ),
    ],
    test: checkBake,
  },
  {
    reads: ["ports", ...GATE_PATHS.map((path) => path.slice("rollout.".length) as `gate.${string}`)],
    test: checkWaveGate,
  },
];
