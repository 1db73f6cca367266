/** Reads how many instances a service has, their memory, and when they restart: `deploy`, and the older keys that say the same. */
import type { PlannedWorkload } from "../model";
import { parseMebibytes } from "../text/byteSize";
import { checkKeys } from "../tree/keys";
import { entryOf, quoteScalar, readInteger, readMap, readScalar } from "../tree/readers";
import type { Reports } from "../tree/reports";
import type { Mapping } from "../tree/tree";
import { DEPLOY_KEYS, LIMIT_KEYS, RESOURCES_KEYS, RESTART_POLICY_KEYS } from "./keyTables";
import { readSize } from "./volumes";

/** Source: the API, as in Instance. The upper limit is an account's. */
const MEMORY_RANGE_MB = [16, 1_048_576] as const;
/** Source: the API, as in Service. */
const MAX_REPLICAS = 253;

/** What `deploy` says. */
export interface Deployment {
  /** `undefined` if neither `deploy` nor `scale` says it. */
  readonly replicas: number | undefined;
  /** Limit of the memory, else the reservation, in MiB; `undefined` if there is neither. */
  readonly memoryMb: number | undefined;
  readonly restartPolicy: PlannedWorkload["restartPolicy"];
}

/** Reads `deploy`, and the older keys that say the same. */
export function readDeployment(service: Mapping, where: string, reports: Reports): Deployment {
  const deploy = mapAt(service, "deploy", where, reports);
  const what = `${where}: 'deploy'`;
  if (deploy !== undefined) checkKeys(deploy, DEPLOY_KEYS, what, reports);
  const mode = deploy && entryOf(deploy, "mode");
  const modeText = mode && readScalar(mode.value, `${what}: 'mode'`, reports);
  if (modeText !== undefined && modeText.text !== "replicated")
    reports.problem(modeText.at, `${what}: the mode ${quoteScalar(modeText)} is not supported; use replicated.`);
  const resources = deploy && mapAt(deploy, "resources", what, reports);
  if (resources !== undefined) checkKeys(resources, RESOURCES_KEYS, `${what}: 'resources'`, reports);
  return {
    replicas: replicasOf(service, deploy, where, reports),
    memoryMb: memoryOf(service, resources, where, reports),
    restartPolicy: restartPolicyOf(service, deploy, where, reports),
  };
}

/** `scale` and `deploy.replicas` mean the same; a difference is a problem, as for Compose. */
function replicasOf(
  service: Mapping,
  deploy: Mapping | undefined,
  where: string,
  reports: Reports,
): number | undefined {
  const read = (map: Mapping | undefined, key: string): number | undefined => {
    const entry = map && entryOf(map, key);
    return entry && readInteger(entry.value, `${where}: '${key}'`, [0, MAX_REPLICAS], reports);
  };
  const [scale, replicas] = [read(service, "scale"), read(deploy, "replicas")];
  if (scale !== undefined && replicas !== undefined && scale !== replicas)
    reports.problem(service.at, `${where}: 'scale' and 'deploy.replicas' differ; keep one of them.`);
  return scale ?? replicas;
}

function memoryOf(
  service: Mapping,
  resources: Mapping | undefined,
  where: string,
  reports: Reports,
): number | undefined {
  const read = (map: Mapping | undefined, key: string, what: string): number | undefined => {
    const entry = map && entryOf(map, key);
    // As for Compose, 0 is no limit.
    if (entry === undefined || (entry.value.kind === "scalar" && parseMebibytes(entry.value.text ?? "") === 0))
      return undefined;
    return readSize(entry.value, `${where}: '${what}'`, MEMORY_RANGE_MB, reports);
  };
  const [limits, reservations] = ["limits", "reservations"].map((key) => {
    const map = resources && mapAt(resources, key, `${where}: 'deploy.resources'`, reports);
    if (map !== undefined) checkKeys(map, LIMIT_KEYS, `${where}: 'deploy.resources.${key}'`, reports);
    return map;
  });
  const [limit, deployLimit] = [
    read(service, "mem_limit", "mem_limit"),
    read(limits, "memory", "deploy.resources.limits.memory"),
  ];
  if (limit !== undefined && deployLimit !== undefined && limit !== deployLimit)
    reports.problem(service.at, `${where}: 'mem_limit' and 'deploy.resources.limits.memory' differ; keep one of them.`);
  const reservation = read(service, "mem_reservation", "mem_reservation");
  const deployReservation = read(reservations, "memory", "deploy.resources.reservations.memory");
  return limit ?? deployLimit ?? reservation ?? deployReservation;
}

const RESTART_POLICIES: Readonly<Record<string, PlannedWorkload["restartPolicy"]>> = {
  ...{
    no: "never",
    none: "never",
    always: "always",
    any: "always",
    "unless-stopped": "always",
    "on-failure": "on-failure",
  },
};

/** `deploy.restart_policy` counts before `restart`, as for Compose. */
function restartPolicyOf(
  service: Mapping,
  deploy: Mapping | undefined,
  where: string,
  reports: Reports,
): PlannedWorkload["restartPolicy"] {
  const policy = deploy && mapAt(deploy, "restart_policy", `${where}: 'deploy'`, reports);
  if (policy !== undefined) checkKeys(policy, RESTART_POLICY_KEYS, `${where}: 'deploy.restart_policy'`, reports);
  const condition = policy && entryOf(policy, "condition");
  // A restart policy of `deploy` without a condition means any.
  if (policy !== undefined && condition === undefined) return "always";
  const entry = condition ?? entryOf(service, "restart");
  const scalar = entry && readScalar(entry.value, `${where}: 'restart'`, reports);
  if (scalar === undefined) return undefined;
  const [word = "", attempts] = scalar.text.split(":");
  const found = Object.hasOwn(RESTART_POLICIES, word) ? RESTART_POLICIES[word] : undefined;
  if (found === undefined)
    return reports.problem(
      scalar.at,
      `${where}: 'restart' must be no, always, on-failure or unless-stopped, not ${quoteScalar(scalar)}.`,
    );
  if (attempts !== undefined)
    reports.warn(
      scalar.at,
      `${where}: the number in 'restart' has no effect. The metro decides how often it restarts an instance.`,
    );
  return found;
}

/** A map below a key; `undefined` and a problem for anything else. */
function mapAt(map: Mapping, key: string, where: string, reports: Reports): Mapping | undefined {
  const entry = entryOf(map, key);
  return entry && readMap(entry.value, `${where}: '${key}'`, reports);
}
