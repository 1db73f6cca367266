/** One life of a VM, and when it answers. */
import { setTimeout as sleep } from "node:timers/promises";
import { within } from "../../../base/timeout";
import type { Timings } from "../../timings";
import type { Vm } from "../../vmm/vmm";

/** One life of a VM. */
export interface Run {
  readonly vm: Vm;
  /** Milliseconds on the monotonic clock; for a VM that was adopted, of the adoption. */
  readonly begunAt: number;
  readonly adopted: boolean;
  /** Ends everything that watches this VM. */
  readonly over: AbortController;
  /** Ends the probing for readiness, or the draining. */
  phase: AbortController;
}

/** Begins the life of a VM that runs. */
export const beginRun = (vm: Vm, begunAt: number, adopted: boolean): Run => ({
  vm,
  begunAt,
  adopted,
  over: new AbortController(),
  phase: new AbortController(),
});

/** Ends the phase that a run is in and begins another one; returns the new phase's signal. */
export function nextPhase(run: Run): AbortSignal {
  run.phase.abort();
  run.phase = new AbortController();
  return run.phase.signal;
}

/** Probes one port after the other with fresh attempts, one at a time, until all have answered; false when the signal aborts. */
export async function untilAnswers(
  vm: Vm,
  ports: readonly number[],
  timings: Pick<Timings, "probeEveryMs" | "probeTimeoutMs">,
  signal: AbortSignal,
): Promise<boolean> {
  for (const port of ports) {
    while (!signal.aborted && !(await answersOnce(vm, port, timings.probeTimeoutMs, signal))) {
      await sleep(timings.probeEveryMs, undefined, { signal }).catch(() => undefined); // the loop's condition ends it
    }
  }
  return !signal.aborted;
}

const answersOnce = (vm: Vm, port: number, timeoutMs: number, signal: AbortSignal): Promise<boolean> =>
  within(timeoutMs, signal, (limited) => vm.answers(port, limited)).catch(() => false);
