/** One HTTP request of a readiness probe to one VM. */
import { withTimeout } from "../../../../base/timeout";
import { type HttpReadiness, needsBody } from "../../../../contract/models";
import { readinessProblem } from "../../../../contract/readiness/evaluate";
import type { Vm } from "../../../vmm/vmm";
import { exchange } from "./httpExchange";

/** The result of one attempt of a probe. */
export interface AttemptResult {
  /** Why it failed, as a clause without headers and body, which may be secret; `undefined`: it succeeded. */
  readonly problem: string | undefined;
  /** How long its evaluation has kept the process from everything else. Milliseconds. */
  readonly blockedMs: number;
}

/** Asks the VM once. Redirects are not followed. */
export function attemptHttp(
  vm: Pick<Vm, "connect">,
  probe: HttpReadiness,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<AttemptResult> {
  const failed = (problem: string): AttemptResult => ({ problem, blockedMs: 0 });
  return withTimeout(timeoutMs, signal, async (limited) => {
    const socket = await vm.connect(probe.port, { timeoutMs, signal: limited }).catch(() => undefined); // the VM is gone, or time is up
    if (socket === undefined) return failed(`port ${probe.port} does not accept connections`);
    const response = await exchange(socket, { ...probe, readsBody: needsBody(probe) }, limited);
    if (response === undefined && limited.aborted)
      return failed(`${probe.path} did not respond within ${timeoutMs} ms`);
    const beganAtMs = performance.now();
    return { problem: readinessProblem(response, probe), blockedMs: performance.now() - beganAtMs };
  });
}
