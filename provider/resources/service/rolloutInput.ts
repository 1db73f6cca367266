/** The `rollout` input of a service: shape, rules, and the resulting policy. Pure. */
import * as z from "zod";
import { type CheckFailure, field, objectType } from "../../definition/resource";
import { parseJsonPath } from "../../rollout/healthCheck";
import type { RolloutPolicy } from "../../rollout/policy";
import type { Workload } from "../workload/inputs";

/** Maximum number of replicas. Source: the API's `replicas`. */
export const MAX_REPLICAS = 253;

const durationMs = z.int().min(0).max(3_600_000);

/** Path and query of a URL. Clients and proxies read `//host` as a host, and never send what follows `#`. Source: RFC 3986, 3.3, 3.5, 4.2. */
const HEALTH_PATH = /^\/([^/\s#][^\s#]*)?$/;

const healthCheck = objectType(
  "HealthCheck",
  "A health check of the service while a new instance is being verified.",
  z.strictObject({
    path: field(z.string().regex(HEALTH_PATH, "must begin with one '/' and contain no blank and no '#'"), {
      description: "Path to request with GET, such as `/hello` or `/ready?verbose`.",
    }),
    match: field(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).default({}), {
      description:
        'JSON paths in the response body and their required values, such as `{ "$.status": "pass" }`. Default: any status below 400 passes.',
    }),
  }),
);

/** The `rollout` input. */
export const rolloutInput = objectType(
  "Rollout",
  "How a rolling update replaces replicas when the template changes.",
  z.strictObject({
    strategy: field(z.enum(["rolling"]).default("rolling"), {
      description: "`rolling`: replace a few replicas at a time. Default `rolling`.",
    }),
    maxSurge: field(z.int().min(0).max(MAX_REPLICAS).default(1), {
      description: `Maximum number of extra replicas during the update, 0 to ${MAX_REPLICAS}. Default 1.`,
    }),
    maxUnavailable: field(z.int().min(0).max(MAX_REPLICAS).default(0), {
      description: `Maximum number of missing replicas during the update, 0 to ${MAX_REPLICAS}. Default 0.`,
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
    halfClosedTimeoutMs: field(durationMs.default(5_000), {
      description:
        "How long a half-closed connection of an old replica may pass no byte before the replica stops waiting for it, in milliseconds, 0 to 3,600,000. It waits for an HTTP response in any case. Default 5,000. Only the metro `local` has this limit; in others such a connection counts until `drainTimeoutMs`.",
    }),
    sharedVolumes: field(z.boolean().default(false), {
      description:
        "Set to true if every volume that the template writes to has the access mode `rwx`, so that replicas can write at the same time. Default false: a new replica waits until the old one has released the volume.",
    }),
    health: field(healthCheck.optional(), {
      description: "Health check of the service while a new replica is being verified. Default: none.",
    }),
  }),
);
/** The checked `rollout` input. */
export type RolloutInput = z.output<typeof rolloutInput>;

/** A volume mounted for writing attaches to one instance only, so the old replica must be removed first. */
const holdsVolumeExclusively = (template: Pick<Workload, "volumes">, { sharedVolumes }: RolloutInput) =>
  !sharedVolumes && template.volumes.some((mount) => !mount.readonly);

/** Rules across replicas, rollout and template. */
export function checkRollout(
  replicas: number,
  template: Pick<Workload, "volumes">,
  rollout: RolloutInput,
): readonly CheckFailure[] {
  const failures: CheckFailure[] = [];
  if (rollout.maxSurge === 0 && rollout.maxUnavailable === 0) {
    failures.push({
      property: "rollout.maxSurge",
      reason: "maxSurge and maxUnavailable cannot both be 0: no replica could ever be replaced.",
    });
  }
  if (replicas > 1 && holdsVolumeExclusively(template, rollout)) {
    failures.push({
      property: "template.volumes",
      reason: `${replicas} replicas cannot all write to one volume. Mount it with readonly: true, use one replica, move the writer to an Instance, or use the access mode "rwx" with rollout: { sharedVolumes: true }.`,
    });
  }
  for (const path of Object.keys(rollout.health?.match ?? {})) {
    if (parseJsonPath(path) === undefined) {
      failures.push({
        property: `rollout.health.match[${JSON.stringify(path)}]`,
        reason: "is not a supported JSON path; use one such as $.status or $.checks[0].ok.",
      });
    }
  }
  return failures;
}

/** The rollout policy for these inputs. */
export function toRolloutPolicy(
  replicas: number,
  template: Pick<Workload, "volumes">,
  rollout: RolloutInput,
): RolloutPolicy {
  const exclusive = holdsVolumeExclusively(template, rollout);
  return {
    strategy: "rolling",
    desired: replicas,
    steps: [],
    keepOldForMs: 0,
    onFailure: "rollback",
    gate: undefined,
    maxSurge: exclusive ? 0 : rollout.maxSurge,
    maxUnavailable: exclusive ? 1 : rollout.maxUnavailable,
    stableForMs: rollout.stableForMs,
    healthyWithinMs: rollout.healthyWithinMs,
    drainTimeoutMs: rollout.drainTimeoutMs,
    halfClosedTimeoutMs: rollout.halfClosedTimeoutMs,
    health: rollout.health,
  };
}
