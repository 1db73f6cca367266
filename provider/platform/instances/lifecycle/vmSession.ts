/** One life of a VM, and when it answers. */
import { setTimeout as sleep } from "node:timers/promises";
import { withTimeout } from "../../../base/timeout";
import type { Timings } from "../../timings";
import type { Vm } from "../../vmm/vmm";

/** One life of a VM. */
export interface VmSession {
  readonly vm: Vm;
  /** Milliseconds on the monotonic clock; for a VM that was adopted, of the adoption. */
  readonly startedAtMs: number;
  readonly adopted: boolean;
  /** Ends everything that watches this VM. */
  readonly ended: AbortController;
  /** Ends the probing for readiness, or the draining. */
  phase: AbortController;
}

/** Begins the life of a VM that runs. */
export const newSession = (vm: Vm, startedAtMs: number, adopted: boolean): VmSession => ({
  vm,
  startedAtMs,
  adopted,
  ended: new AbortController(),
  phase: new AbortController(),
});

/** Ends the phase that a run is in and begins another one; returns the new phase's signal. */
export function nextPhase(session: VmSession): AbortSignal {
  session.phase.abort();
  session.phase = new AbortController();
  return session.phase.signal;
}

/** Probes one port after the other with fresh attempts, one at a time, until all have answered; false when the signal aborts. */
export async function waitUntilReady(
  vm: Vm,
  ports: readonly number[],
  timings: Pick<Timings, "probeIntervalMs" | "probeTimeoutMs">,
  signal: AbortSignal,
): Promise<boolean> {
  for (const port of ports) {
    while (!signal.aborted && !(await probeOnce(vm, port, timings.probeTimeoutMs, signal))) {
      await sleep(timings.probeIntervalMs, undefined, { signal }).catch(() => undefined); // the loop's condition ends it
    }
  }
  return !signal.aborted;
}

const probeOnce = (vm: Vm, port: number, timeoutMs: number, signal: AbortSignal): Promise<boolean> =>
  withTimeout(timeoutMs, signal, (limited) => vm.probePort(port, limited)).catch(() => false);
