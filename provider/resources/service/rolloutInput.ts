/** The `rollout` input of a service: shape, rules, and the policy it means. Pure. */
import * as z from "zod";
import { type CheckFailure, field, objectType } from "../../definition/resource";
import { parseJsonPath } from "../../rollout/healthCheck";
import type { RolloutPolicy } from "../../rollout/policy";
import type { Workload } from "../workload/inputs";

/** Most instances of one template. Source: the API's `replicas`. */
export const MAX_REPLICAS = 253;

const durationMs = z.int().min(0).max(3_600_000);

const healthCheck = objectType(
  "HealthCheck",
  "What the service must answer while a new instance proves itself.",
  z.strictObject({
    path: field(z.string().regex(/^\//, "must begin with '/'"), {
      description: "Path asked with GET, such as `/hello`.",
    }),
    match: field(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).default({}), {
      description:
        'JSON paths in the body and the values they must have, such as `{ "$.status": "pass" }`. Default: any answer below HTTP 400.',
    }),
  }),
);

/** The `rollout` input. */
export const rolloutInput = objectType(
  "Rollout",
  "How instances are replaced when the template changes.",
  z.strictObject({
    strategy: field(z.enum(["rolling"]).default("rolling"), {
      description: "`rolling`: a few at a time. Default `rolling`.",
    }),
    maxSurge: field(z.int().min(0).max(MAX_REPLICAS).default(1), {
      description: `Extra instances allowed while rolling, up to ${MAX_REPLICAS}. Default 1.`,
    }),
    maxUnavailable: field(z.int().min(0).max(MAX_REPLICAS).default(0), {
      description: `Missing instances allowed while rolling, up to ${MAX_REPLICAS}. Default 0.`,
    }),
    stableForMs: field(durationMs.default(0), {
      description:
        "How long a new instance must serve without a restart before an old one is removed, in milliseconds, 0 to 3,600,000. Default 0.",
    }),
    healthyWithinMs: field(durationMs.default(300_000), {
      description:
        "How long a new instance may take to become healthy before the rollout fails, in milliseconds, 0 to 3,600,000. Default 300,000.",
    }),
    drainTimeoutMs: field(durationMs.default(60_000), {
      description:
        "How long open connections of an old instance may take to finish, in milliseconds, 0 to 3,600,000. Default 60,000.",
    }),
    sharedVolumes: field(z.boolean().default(false), {
      description:
        "The volumes that the template writes to have the access mode `rwx`, so that replicas may write to them at the same time. Default false: each is held by one replica, and a new one waits until the old one has gone.",
    }),
    health: field(healthCheck.optional(), {
      description: "Asked of the service while a new instance is in it. Default: none.",
    }),
  }),
);
export type RolloutInput = z.output<typeof rolloutInput>;

/** A volume that is mounted for writing can be attached to one instance only, so the old one has to go first. */
const holdsVolumeExclusively = (template: Pick<Workload, "volumes">, { sharedVolumes }: RolloutInput) =>
  !sharedVolumes && template.volumes.some((mount) => !mount.readonly);

/** Rules about replicas, rollout and template together. */
export function checkRollout(
  replicas: number,
  template: Pick<Workload, "volumes">,
  rollout: RolloutInput,
): readonly CheckFailure[] {
  const failures: CheckFailure[] = [];
  if (rollout.maxSurge === 0 && rollout.maxUnavailable === 0) {
    failures.push({
      property: "rollout.maxSurge",
      reason: "maxSurge and maxUnavailable cannot both be 0: nothing could ever be replaced.",
    });
  }
  if (replicas > 1 && holdsVolumeExclusively(template, rollout)) {
    failures.push({
      property: "template.volumes",
      reason: `${replicas} replicas cannot all write to one volume. Mount it readonly, use one replica, put the writer into an Instance, or give it the access mode "rwx" and write rollout: { sharedVolumes: true }.`,
    });
  }
  for (const path of Object.keys(rollout.health?.match ?? {})) {
    if (parseJsonPath(path) === undefined) {
      failures.push({
        property: `rollout.health.match[${JSON.stringify(path)}]`,
        reason: "is not a path such as $.status or $.checks[0].ok.",
      });
    }
  }
  return failures;
}

/** The policy that the inputs mean. */
export function toRolloutPolicy(
  replicas: number,
  template: Pick<Workload, "volumes">,
  rollout: RolloutInput,
): RolloutPolicy {
  const exclusive = holdsVolumeExclusively(template, rollout);
  return {
    desired: replicas,
    maxSurge: exclusive ? 0 : rollout.maxSurge,
    maxUnavailable: exclusive ? 1 : rollout.maxUnavailable,
    stableForMs: rollout.stableForMs,
    healthyWithinMs: rollout.healthyWithinMs,
    drainTimeoutMs: rollout.drainTimeoutMs,
    health: rollout.health,
  };
}
