/** Asks one VM whether it is ready, again and again, over its own connections: never through the proxy. */
import { setTimeout as sleep } from "node:timers/promises";
import { withTimeout } from "../../../../base/timeout";
import type { ReadinessProbe } from "../../../../contract/models";
import { afterAttempt, type ProbeProgress, probeSettings } from "../../../../contract/readiness/progress";
import type { Vm } from "../../../vmm/vmm";
import { attemptHttp, type AttemptResult } from "./httpAttempt";
import type { VmSession } from "../vmSession";

/** A probe, and the ports that it asks if it names none. */
export interface ProbeTask {
  readonly probe: ReadinessProbe;
  /** The destination ports of the service. */
  readonly ports: readonly number[];
}

/** An evaluation that took longer than this kept the process from serving others. Milliseconds. */
const BLOCKING_MS = 25;
/** The pause after such an evaluation, in multiples of its duration. */
const PAUSE_AFTER_BLOCKING = 10;

/**
 * Probes until the probe passes. False when the signal aborts.
 *
 * @param onProgress gets the result of every attempt
 */
export async function probeUntilPassed(
  { vm, wokenAtMs, progress: before }: VmSession,
  task: ProbeTask,
  signal: AbortSignal,
  onProgress: (progress: ProbeProgress) => void,
): Promise<boolean> {
  const settings = probeSettings(task.probe);
  let progress = before;
  while (!signal.aborted) {
    const { problem, blockedMs } = await attempt(vm, task, settings.timeoutMs, signal);
    if (signal.aborted) break;
    progress = afterAttempt(progress, problem, performance.now() - wokenAtMs, settings);
    onProgress(progress);
    if (progress.state === "passed") return true;
    const pauseMs = Math.max(settings.intervalMs, blockedMs > BLOCKING_MS ? PAUSE_AFTER_BLOCKING * blockedMs : 0);
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined); // the loop condition handles the abort
  }
  return false;
}

function attempt(
  vm: Vm,
  { probe: { http, tcp }, ports }: ProbeTask,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<AttemptResult> {
  if (http !== undefined) return attemptHttp(vm, http, timeoutMs, signal);
  return withTimeout(timeoutMs, signal, async (limited) => {
    for (const port of tcp === undefined ? ports : [tcp.port]) {
      if (!(await vm.probePort(port, limited).catch(() => false)))
        return { problem: `port ${port} does not accept connections`, blockedMs: 0 };
    }
    return { problem: undefined, blockedMs: 0 };
  });
}
