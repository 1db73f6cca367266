/** The `rollout` input of a service: shape, rules, and the policy it means. Pure. */
import * as z from "zod";
import { type CheckFailure, field, objectType } from "../../definition/resource";
import { parseJsonPath } from "../../rollout/healthCheck";
import type { RolloutPolicy } from "../../rollout/policy";
import type { Workload } from "../workload/inputs";

/** Most instances of one template. Source: the API's `replicas`. */
export const MAX_REPLICAS = 253;

const seconds = z.number().min(0).max(3600);

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
    stableForSeconds: field(seconds.default(0), {
      description:
        "A new instance must have answered for so long, without a restart, before an old one goes. Default 0.",
    }),
    healthyWithinSeconds: field(seconds.default(300), {
      description: "A new instance that does not answer within this time is given up. Default 300.",
    }),
    drainTimeoutSeconds: field(seconds.default(60), {
      description: "Open connections of an old instance get so long to finish. Default 60.",
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
    stableForMs: rollout.stableForSeconds * 1000,
    healthyWithinMs: rollout.healthyWithinSeconds * 1000,
    drainTimeoutMs: rollout.drainTimeoutSeconds * 1000,
    health: rollout.health,
  };
}
