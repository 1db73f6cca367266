/** The `rollout` input of a service. Pure. */
import * as z from "zod";
import { DEFAULT_HALF_CLOSED_TIMEOUT_MS } from "../../../contract/models";
import { field, objectType, withMisplacedKeys } from "../../../definition/resource";
import { amountSchema } from "./amounts";
import { gateInput } from "./gateInput";

/** Maximum number of replicas. Source: the API's `replicas`. */
export const MAX_REPLICAS = 253;

const durationMs = z.int().min(0).max(3_600_000);
const MAX_KEEP_MS = 86_400_000;

const canaryStep = objectType(
  "CanaryStep",
  "A step of a canary rollout.",
  z.strictObject({
    count: field(amountSchema(1, MAX_REPLICAS), {
      description:
        'Number of new replicas that serve at the end of the step, or a percentage of the replicas such as `"20%"`, rounded down. More than in the step before, fewer than `replicas`.',
    }),
    pauseMs: field(durationMs, {
      description: "How long they must keep serving before the next step, in milliseconds, 0 to 3,600,000.",
    }),
  }),
);

/** The `rollout` input. */
export const rolloutInput = objectType(
  "Rollout",
  "How a rolling update replaces replicas when the template changes.",
  withMisplacedKeys(
    z.strictObject({
      strategy: field(z.enum(["rolling", "blueGreen", "canary", "recreate", "inPlace"]).optional(), {
        description:
          "`rolling`: replace a few replicas at a time. `canary`: the same in `steps` with pauses. `blueGreen`: launch a complete second set, then move all connections at once; in the cloud the `domains` move, which are required there. `recreate`: stop the old replicas first. `inPlace`: stop, change and start each replica. Default `rolling`, or `recreate` if the template writes to a volume that one instance may hold.",
        sameAsAbsent: "rolling",
      }),
      maxSurge: field(amountSchema(0, MAX_REPLICAS, { mayExceed: true }).optional(), {
        description: `For \`rolling\` and \`canary\`: maximum number of extra replicas during the update, 0 to ${MAX_REPLICAS}, or a percentage of \`replicas\` such as \`"25%"\`, rounded up. Default 1.`,
        sameAsAbsent: 1,
      }),
      maxUnavailable: field(amountSchema(0, MAX_REPLICAS).optional(), {
        description: `For \`rolling\`, \`canary\` and \`inPlace\`: maximum number of missing replicas during the update, 0 to ${MAX_REPLICAS}, or a percentage of \`replicas\` such as \`"25%"\`, rounded down. Default 0; for \`inPlace\` 1.`,
        sameAsAbsent: 0,
      }),
      steps: field(z.array(canaryStep).min(1).optional(), {
        description: "For `canary`, which requires it: the steps before the update of all replicas.",
      }),
      keepOldForMs: field(z.int().min(0).max(MAX_KEEP_MS).optional(), {
        description:
          "For `blueGreen`: how long the old replicas are kept, stopped, after the connections moved, in milliseconds, 0 to 86,400,000. The update does not wait for it. Default 0.",
      }),
      stableForMs: field(durationMs.default(0), {
        description:
          "How long a new replica must serve without a restart before an old one is removed, in milliseconds, 0 to 3,600,000. Default 0.",
      }),
      healthyWithinMs: field(durationMs.default(300_000), {
        description:
          "How long a new replica may take to become healthy before the update fails, in milliseconds, 0 to 3,600,000. Default 300,000.",
      }),
      drainTimeoutMs: field(durationMs.default(60_000), {
        description:
          "How long open connections of an old replica may take to finish, in milliseconds, 0 to 3,600,000. Default 60,000.",
      }),
      halfClosedTimeoutMs: field(durationMs.optional(), {
        description:
          "How long a half-closed connection of an old replica may pass no byte before the replica stops waiting for it, in milliseconds, 0 to 3,600,000. It waits for an HTTP response in any case. Default 5,000. Only in metro `local`; in others such a connection counts until `drainTimeoutMs`.",
        sameAsAbsent: DEFAULT_HALF_CLOSED_TIMEOUT_MS,
      }),
      sharedVolumes: field(z.boolean().default(false), {
        description:
          "Set to true if every volume that the template writes to has the access mode `rwx`, so that replicas can write at the same time. Default false: such a volume belongs to one instance at a time, so the strategy is `recreate`.",
      }),
      onFailure: field(z.enum(["rollback", "pause", "keepBoth"]).optional(), {
        description:
          "When a new replica fails: `rollback` restores the old replicas, `pause` stops where the update is, `keepBoth` lets the old and the new replicas that serve go on serving (not for `recreate`). The update fails in each case. Default `rollback`.",
        sameAsAbsent: "rollback",
      }),
      gate: field(gateInput.optional(), {
        description:
          "What a new replica must pass before it gets connections. In metro `local` each replica passes it at every start and wake; in the cloud a candidate with the same template passes it first. Default: its ports accept connections.",
      }),
    }),
    {
      health:
        "renamed to `gate`, which has the same `path` and `match` and asks each new replica by itself; write gate: { path: … }.",
    },
  ),
);
/** The checked `rollout` input. */
export type RolloutInput = z.output<typeof rolloutInput>;
