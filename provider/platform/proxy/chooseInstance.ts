/** Which instance gets a connection. Pure. */

/** An instance of a service, as the balancer sees it. */
export interface Candidate {
  readonly uuid: string;
  /**
   * `ready`: runs and its port answered. `coming`: starting, or about to be restarted. `asleep`: standby.
   * `away`: draining, stopping or stopped.
   */
  readonly is: "ready" | "coming" | "asleep" | "away";
  /** Open connections, those still being made included. */
  readonly connections: number;
}

/** Limits of a service, in connections per instance. */
export interface ConnectionLimits {
  /** Reaching it on every ready instance wakes a sleeping one. */
  readonly softLimit: number;
  /** Never exceeded. */
  readonly hardLimit: number;
}

/** What to do with one connection. */
export type BalancerDecision =
  /** `wake` names a sleeping instance to wake beside, for the connections that follow. */
  | { readonly do: "connect"; readonly uuid: string; readonly wake?: string }
  | { readonly do: "wake"; readonly uuid: string }
  /** None answers yet, one will. */
  | { readonly do: "hold" }
  | { readonly do: "refuse"; readonly because: "no instance" | "hard limit" };

/** Least connections among the ready; instances that were tried in vain for this connection are left out. */
export function chooseInstance(
  candidates: readonly Candidate[],
  limits: ConnectionLimits,
  tried: ReadonlySet<string>,
): BalancerDecision {
  const open = candidates.filter((candidate) => !tried.has(candidate.uuid));
  const ready = open.filter((candidate) => candidate.is === "ready");
  const asleep = open.find((candidate) => candidate.is === "asleep");
  const least = ready.reduce<Candidate | undefined>(
    (best, candidate) => (best === undefined || candidate.connections < best.connections ? candidate : best),
    undefined,
  );
  if (least !== undefined && least.connections < limits.hardLimit) {
    const full = least.connections >= limits.softLimit;
    return { do: "connect", uuid: least.uuid, ...(full && asleep !== undefined ? { wake: asleep.uuid } : {}) };
  }
  if (asleep !== undefined) return { do: "wake", uuid: asleep.uuid };
  if (open.some((candidate) => candidate.is === "coming")) return { do: "hold" };
  return { do: "refuse", because: least === undefined ? "no instance" : "hard limit" };
}
