/** One HTTP request of a readiness probe to one VM. */
import * as http from "node:http";
import type * as net from "node:net";
import { withTimeout } from "../../../base/timeout";
import { type HttpReadiness, needsBody } from "../../../contract/models";
import { MAX_PROBE_BODY_BYTES, readinessProblem, type ReadinessResponse } from "../../../contract/readiness/evaluate";
import type { Vm } from "../../vmm/vmm";

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
    const response = await exchange(socket, probe, limited);
    if (response === undefined && limited.aborted)
      return failed(`${probe.path} did not respond within ${timeoutMs} ms`);
    const beganAtMs = performance.now();
    return { problem: readinessProblem(response, probe), blockedMs: performance.now() - beganAtMs };
  });
}

/** The response; `undefined` if it is not complete before the signal aborts or the connection ends. */
function exchange(
  socket: net.Socket,
  { method = "GET", path, headers = {}, ...probe }: HttpReadiness,
  signal: AbortSignal,
): Promise<ReadinessResponse | undefined> {
  return new Promise((resolve) => {
    const finish = (response?: ReadinessResponse): void => {
      signal.removeEventListener("abort", abort);
      socket.destroy();
      resolve(response);
    };
    const abort = (): void => finish();
    signal.addEventListener("abort", abort);
    socket.on("error", abort);
    const request = http.request({
      createConnection: () => socket,
      setHost: false,
      method,
      path,
      headers: { ...(hasHost(headers) ? {} : { host: "localhost" }), ...headers, connection: "close" },
    });
    request.on("error", abort).on("response", (response) => {
      const { statusCode: status = 0 } = response;
      if (!needsBody(probe)) return finish({ status, body: undefined });
      const chunks: Buffer[] = [];
      let bytes = 0;
      response
        .on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes > MAX_PROBE_BODY_BYTES) finish({ status, body: undefined });
        })
        .on("error", abort)
        .on("end", () => finish({ status, body: Buffer.concat(chunks).toString("utf8") }));
    });
    request.end();
    if (signal.aborted) finish();
  });
}

const hasHost = (headers: Readonly<Record<string, string>>): boolean =>
  Object.keys(headers).some((name) => name.toLowerCase() === "host");
