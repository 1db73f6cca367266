/** A VM session, from boot to exit, and its readiness probes. */
import { setTimeout as sleep } from "node:timers/promises";
import { withTimeout } from "../../../base/timeout";
import { notProbed, type ProbeProgress } from "../../../contract/readiness/progress";
import type { Timings } from "../../timings";
import type { Vm } from "../../vmm/vmm";

/** One boot-to-exit period of a VM. */
export interface VmSession {
  readonly vm: Vm;
  /** Start of the VM in milliseconds on the monotonic clock; for an adopted VM, the time of the adoption. */
  readonly startedAtMs: number;
  /** True if an earlier daemon started the VM. */
  readonly adopted: boolean;
  /** Aborted when the VM has exited. */
  readonly ended: AbortController;
  /** Aborts the current readiness probes or drain. */
  phase: AbortController;
  /** Start or wake of the guest, on the same clock: the start period of a readiness probe begins there. */
  wokenAtMs: number;
  /** What the readiness probe has found since then. */
  progress: ProbeProgress;
  /** How many attempts to pause the VM have failed since it was last paused. */
  failedPauses: number;
  /** Its program has run for as long as it must before it takes addresses. */
  isProven: boolean;
  /** Its program has asked to become a template, and it is on its way there. */
  isBecomingTemplate: boolean;
}

/** Begins the session of a running VM. */
export const newSession = (vm: Vm, startedAtMs: number, adopted: boolean): VmSession => ({
  vm,
  startedAtMs,
  adopted,
  ended: new AbortController(),
  phase: new AbortController(),
  wokenAtMs: startedAtMs,
  progress: notProbed(),
  failedPauses: 0,
  isProven: false,
  isBecomingTemplate: false,
});

/** Ends the session's current phase and begins a new one. Returns the new phase's signal. */
export function nextPhase(session: VmSession): AbortSignal {
  session.phase.abort();
  session.phase = new AbortController();
  return session.phase.signal;
}

/** Probes the ports one after the other, each until it is ready. False when the signal aborts. */
export async function waitUntilReady(
  vm: Vm,
  ports: readonly number[],
  timings: Pick<Timings, "probeIntervalMs" | "probeTimeoutMs">,
  signal: AbortSignal,
): Promise<boolean> {
  for (const port of ports) {
    while (!signal.aborted && !(await probeOnce(vm, port, timings.probeTimeoutMs, signal))) {
      await sleep(timings.probeIntervalMs, undefined, { signal }).catch(() => undefined); // the loop condition handles the abort
    }
  }
  return !signal.aborted;
}

const probeOnce = (vm: Vm, port: number, timeoutMs: number, signal: AbortSignal): Promise<boolean> =>
  withTimeout(timeoutMs, signal, (limited) => vm.probePort(port, limited)).catch(() => false);
