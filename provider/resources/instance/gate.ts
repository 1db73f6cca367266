/** The `gate` of an Instance: what it must pass before it takes the addresses of its predecessor. A replica has its `rollout.gate`. Pure. */
import * as z from "zod";
import { type CheckFailure, field, objectType } from "../../definition/resource";
import { gateInput, gatePath } from "../service/rollout/gateInput";
import { BODY_SETTINGS, headFailure } from "../service/rollout/gateRules";

const { method, headers, statuses, match, contains, pattern, intervalMs, timeoutMs, startPeriodMs } = gateInput.shape;

/** The `gate` of an Instance. */
export const instanceGate = objectType(
  "InstanceGate",
  "What an instance must pass before it takes over the addresses of the one that it replaces: a request to it, or, without `path`, a connection to its port. Every condition must hold.",
  z.strictObject({
    port: field(z.int().min(1).max(65_535), { description: "Port inside the instance, 1 to 65,535." }),
    path: field(gatePath(), {
      description: "Path and query to request, such as `/ready`. Default: `port` must accept a connection.",
    }),
    ...{ method, headers, statuses, match, contains, pattern, intervalMs, timeoutMs },
    successThreshold: field(z.int().min(1).max(100).optional(), {
      description: "Number of successes in a row that pass, 1 to 100. Default 1.",
    }),
    failureThreshold: field(z.int().min(0).max(1000).optional(), {
      description:
        "Number of failures in a row after which the update fails, 0 to 1,000; 0: only the time limit of the operation counts (the option `customTimeouts`). Default 0.",
    }),
    startPeriodMs,
  }),
);
type InstanceGate = z.output<typeof instanceGate>;

/** Settings of a request. */
const HTTP_SETTINGS = ["method", "headers", "statuses", "match", "contains", "pattern"] as const;

/** The paths that {@link checkInstanceGate} reads: all but `headers`, which may be unknown in a preview. */
export const INSTANCE_GATE_PATHS = (
  ["port", "path", "method", "statuses", "match", "contains", "pattern"] as const
).map((name) => `gate.${name}` as const);

/** Settings of a gate that could have no effect, or never hold. */
export function checkInstanceGate(gate: InstanceGate | undefined, takesOver: boolean): readonly CheckFailure[] {
  if (gate === undefined) return [];
  const needsTakeOver =
    "requires takeOver: true; it decides when the instance takes over the addresses of another one.";
  const unused = gate.path === undefined ? HTTP_SETTINGS.filter((name) => gate[name] !== undefined) : [];
  const impossible = gate.method === "HEAD" ? BODY_SETTINGS.filter((name) => gate[name] !== undefined) : [];
  return [
    ...(takesOver ? [] : [{ property: "gate", reason: needsTakeOver }]),
    ...unused.map((name) => ({ property: `gate.${name}`, reason: "needs an HTTP gate; give its path." })),
    ...impossible.map((name) => headFailure(`gate.${name}`)),
  ];
}
