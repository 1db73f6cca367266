/** Measures how long new replicas take to load, and compares it with the time after which they sleep. */
import { formatNumber } from "../../base/formatNumber";
import type { RolloutEvent } from "../../rollout/events";
import { SERVER_DEFAULTS } from "../workload/codecs";
import type { Workload } from "../workload/inputs";

/** A replica and its load time: from its launch until it passed the gate. */
export interface LoadTime {
  readonly member: string;
  readonly ms: number;
}

/** The longest load time in the events of a rollout. */
export class LoadTimes {
  private readonly launchedMs = new Map<string, number>();
  longest: LoadTime | undefined;

  /** Receives each event. */
  readonly observe = ({ phase, member, elapsedMs }: RolloutEvent): void => {
    if (member === undefined) return;
    if (phase === "launched" || phase === "restarting") this.launchedMs.set(member, elapsedMs);
    const launchedMs = this.launchedMs.get(member);
    if (phase !== "ready" || launchedMs === undefined) return;
    this.launchedMs.delete(member);
    const ms = elapsedMs - launchedMs;
    if (ms > (this.longest?.ms ?? 0)) this.longest = { member, ms };
  };
}

const inMs = (ms: number): string => `${formatNumber(Math.round(ms))} ms`;

/**
 * A warning about replicas that may sleep before they have loaded; `undefined` if there is nothing to warn of. Pure.
 *
 * @param stableForMs part of the load time: a replica is ready after it was stable for this long
 */
export function findShortCooldown(
  { scaleToZero }: Pick<Workload, "scaleToZero">,
  longest: LoadTime | undefined,
  stableForMs: number,
): string | undefined {
  if (scaleToZero === undefined || scaleToZero.policy === "off" || longest === undefined) return undefined;
  const loadMs = longest.ms - stableForMs;
  const { cooldownTimeMs = SERVER_DEFAULTS.cooldownTimeMs } = scaleToZero;
  if (cooldownTimeMs >= loadMs) return undefined;
  return `template.scaleToZero.cooldownTimeMs is ${inMs(cooldownTimeMs)}, and replica '${longest.member}' took ${inMs(loadMs)} from its start until it was ready: it may sleep before it has loaded. Set at least ${inMs(Math.ceil(loadMs / 1000) * 1000)}.`;
}
