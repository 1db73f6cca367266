/** Chooses the instance of a service that gets a connection. Pure. */

/** An instance of a service, as the load balancer sees it. */
export interface Candidate {
  readonly uuid: string;
  /**
   * - `ready`: running, and its ports are ready
   * - `starting`: starting, not passed by its readiness probe yet, or waiting for its restart
   * - `standby`: scaled to zero; wakes on request
   * - `leaving`: draining, or stopping on request; another one may take its place
   * - `out`: stopped, failed, or withdrawn from the rotation
   */
  readonly state: "ready" | "starting" | "standby" | "leaving" | "out";
  /** Open connections, including those that are being established. */
  readonly connections: number;
}

/** Limits of a service, in connections per instance. */
export interface ConnectionLimits {
  /** When every ready instance has reached it, an instance in standby is woken. */
  readonly softLimit: number;
  /** Never exceeded. */
  readonly hardLimit: number;
}

/** What happens to one connection. */
export type BalancerDecision =
  /** `wake` is an instance in standby to wake as well, for the connections that follow. */
  | { readonly action: "connect"; readonly uuid: string; readonly wake?: string }
  /** Wake this instance, and hold the connection until one is ready. */
  | { readonly action: "wake"; readonly uuid: string }
  /** An instance is starting, or is about to: hold the connection until one is ready. */
  | { readonly action: "hold" }
  /** No instance will become ready, or all are at their hard limit. */
  | { readonly action: "refuse" };

/**
 * Chooses the ready instance with the fewest connections.
 *
 * @param tried UUIDs of instances that this connection could not reach; they are not chosen again
 * @param isSuccessorDue true if an instance has just left, so that another one may be created in its place
 */
export function chooseInstance(
  candidates: readonly Candidate[],
  limits: ConnectionLimits,
  tried: ReadonlySet<string>,
  isSuccessorDue = false,
): BalancerDecision {
  let least: Candidate | undefined;
  let standby: string | undefined;
  let isStarting = false;
  for (const candidate of candidates) {
    if (tried.has(candidate.uuid)) continue;
    const { uuid, state, connections } = candidate;
    if (state === "ready" && (least === undefined || connections < least.connections)) least = candidate;
    else if (state === "standby") standby ??= uuid;
    else if (state === "starting") isStarting = true;
  }
  if (least !== undefined && least.connections < limits.hardLimit) {
    const isFull = least.connections >= limits.softLimit;
    return { action: "connect", uuid: least.uuid, ...(isFull && standby !== undefined ? { wake: standby } : {}) };
  }
  if (standby !== undefined) return { action: "wake", uuid: standby };
  if (isStarting) return { action: "hold" };
  // While any is ready, those that leave make no difference: the ready ones are full.
  const mayHaveSuccessor = isSuccessorDue || candidates.some((candidate) => candidate.state === "leaving");
  if (mayHaveSuccessor && !candidates.some((candidate) => candidate.state === "ready")) return { action: "hold" };
  return { action: "refuse" };
}
