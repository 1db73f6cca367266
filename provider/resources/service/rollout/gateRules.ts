/** Rules for the gate of a rollout. Pure. */
import { formatNumber } from "../../../base/formatNumber";
import type { CheckFailure } from "../../../definition/resource";
import type { PublishedPort } from "../ports";
import { DEFAULT_INTERVAL_MS, type GateInput, type GateType, gateTypeOf } from "./gateInput";
import type { RolloutInput } from "./input";
import { defaultGatePort } from "./policy";

const failure = (name: string, reason: string): CheckFailure => ({ property: `rollout.gate.${name}`, reason });

/** Settings of a request. */
const HTTP_SETTINGS = ["path", "method", "headers", "statuses", "match", "contains", "pattern"] as const;
/** Settings of a gate that asks something. */
const PROBE_SETTINGS = [
  "port",
  "intervalMs",
  "timeoutMs",
  "successThreshold",
  "failureThreshold",
  "startPeriodMs",
  "holdTimeoutMs",
  "isolation",
] as const;
/** Settings that need a body in the response. */
export const BODY_SETTINGS = ["match", "contains", "pattern"] as const;

/** One of {@link BODY_SETTINGS}, at this path, in a gate whose method is `HEAD`. */
export const headFailure = (property: string): CheckFailure => ({
  property,
  reason: 'can never hold with the method "HEAD", whose responses have no body; use "GET".',
});

/** The paths that {@link checkGate} reads: all but `headers`, which may be unknown in a preview. */
export const GATE_PATHS = [
  ...(["type", ...HTTP_SETTINGS, ...PROBE_SETTINGS] as const)
    .filter((name) => name !== "headers")
    .map((name) => `rollout.gate.${name}` as const),
  "rollout.strategy" as const,
];

/** Settings that the type of gate does not use. */
function checkUnused(gate: GateInput, type: GateType): readonly CheckFailure[] {
  if (type === "http") return [];
  const unused: readonly (keyof GateInput)[] = type === "tcp" ? HTTP_SETTINGS : [...HTTP_SETTINGS, ...PROBE_SETTINGS];
  const advice =
    gate.type === undefined
      ? "needs an HTTP gate; give its path."
      : type === "tcp"
        ? 'needs an HTTP gate; remove it, or set type: "http" and a path.'
        : 'has no effect with the type "running", which asks nothing; remove it, or choose another type.';
  return unused.flatMap((name) => (gate[name] === undefined ? [] : [failure(name, advice)]));
}

function checkRequest(gate: GateInput, ports: readonly PublishedPort[]): readonly CheckFailure[] {
  const failures: CheckFailure[] = [];
  if (gate.path === undefined) failures.push(failure("path", 'required for the type "http", such as path: "/ready".'));
  if (gate.port === undefined && defaultGatePort(ports) === undefined)
    failures.push(
      failure(
        "port",
        'required: no published port has the handler "http", so say which port inside the instance answers the path.',
      ),
    );
  if (gate.method === "HEAD")
    for (const name of BODY_SETTINGS) if (gate[name] !== undefined) failures.push(headFailure(`rollout.gate.${name}`));
  return failures;
}

/** Times with which no replica, or no connection, could succeed. */
function checkTimes(gate: GateInput, healthyWithinMs: number): readonly CheckFailure[] {
  const { startPeriodMs = 0, intervalMs = DEFAULT_INTERVAL_MS, successThreshold = 1, holdTimeoutMs } = gate;
  const failures: CheckFailure[] = [];
  const repeatedMs = intervalMs * (successThreshold - 1);
  const repeated = `intervalMs (${formatNumber(intervalMs)}) × (successThreshold (${successThreshold}) − 1)`;
  const neededMs = startPeriodMs + repeatedMs;
  if (neededMs > healthyWithinMs)
    failures.push(
      failure(
        startPeriodMs > healthyWithinMs ? "startPeriodMs" : "successThreshold",
        `a replica may need startPeriodMs (${formatNumber(startPeriodMs)}) + ${repeated} = ${formatNumber(neededMs)} ms to pass, longer than healthyWithinMs (${formatNumber(healthyWithinMs)}).`,
      ),
    );
  if (holdTimeoutMs !== undefined && holdTimeoutMs > 0 && holdTimeoutMs < repeatedMs)
    failures.push(
      failure(
        "holdTimeoutMs",
        `is ${formatNumber(holdTimeoutMs)}, shorter than ${repeated} = ${formatNumber(repeatedMs)} ms, so every connection that wakes a replica would get 503.`,
      ),
    );
  return failures;
}

/** Strategies that launch no members, or none that a candidate stands for. */
function checkIsolation({ isolation }: GateInput, { strategy }: RolloutInput): readonly CheckFailure[] {
  if (isolation !== "clone" || (strategy !== "inPlace" && strategy !== "blueGreen")) return [];
  const why = strategy === "inPlace" ? "changes replicas instead of launching any" : "gates a complete second set";
  return [failure("isolation", `"clone" cannot be used with the strategy "${strategy}", which ${why}.`)];
}

/** The rules of a gate. */
export function checkGate(ports: readonly PublishedPort[], rollout: RolloutInput): readonly CheckFailure[] {
  const { gate, healthyWithinMs } = rollout;
  if (gate === undefined) return [];
  const type = gateTypeOf(gate);
  return [
    ...checkUnused(gate, type),
    ...checkIsolation(gate, rollout),
    ...(type === "http" ? checkRequest(gate, ports) : []),
    ...(type === "running" ? [] : checkTimes(gate, healthyWithinMs)),
  ];
}
