/** Sends the request of a reload until it is accepted: to one member, or through the service. */
import { reachableHost } from "../../base/hostNames";
import { type CallContext, callOptions } from "../../client/callContext";
import { onlyItem } from "../../client/client";
import { sendProbe } from "../../client/httpProbe";
import type { ServiceItem } from "../../contract/models";
import { MAX_PROBE_BODY_BYTES } from "../../contract/readiness/evaluate";
import { firstDomain, routesOf } from "../candidate/route";
import { type Answer, type ReloadRequest, judge, pauseAfter } from "./request";
import { type Waiting, pause, steadyTime } from "../waiting";

/** A request to a member, as the metro sends it. */
export type MemberRequest = Pick<ReloadRequest, "port" | "path" | "headers"> & {
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | undefined;
};

/** Sends a request to one member, which is woken. Throws the client's errors. */
export async function askMember(
  context: CallContext,
  { uuid, name }: { readonly uuid: string; readonly name: string },
  { port, path, method = "GET", headers = {} }: MemberRequest,
  timeoutMs: number,
): Promise<Answer> {
  const body = [{ uuid, port, path, method, headers, timeout_ms: Math.ceil(timeoutMs) }];
  const options = { ...callOptions(context), serverWaitMs: timeoutMs };
  const item = onlyItem(
    await context.client.requestInstances({ body }, options),
    `Sending ${method} ${path} to instance '${name}'`,
  );
  return item.http_status === undefined
    ? { problem: item.problem ?? "did not respond" }
    : { status: item.http_status, body: item.body };
}

/**
 * Sends a request through the service, as a client would. Over TLS it requires a valid certificate, since its headers may be secret;
 * only the local platform's `.localhost`, which leads to this machine, may have any.
 */
export async function askService(
  { client, signal }: CallContext,
  service: Pick<ServiceItem, "domains" | "services">,
  { port, path, method, headers }: ReloadRequest,
  timeoutMs: number,
): Promise<Answer> {
  const [route] = routesOf({ http: { port, path } }, service.services ?? [], client.metro);
  const fqdn = firstDomain(service);
  if (route === undefined || fqdn === undefined) return { problem: "the service has no domain" };
  const host = reachableHost(fqdn);
  return sendProbe({
    ...{ url: `${route.isTls ? "https" : "http"}://${host}:${route.port}${path}`, method, headers },
    ...{ timeoutMs, maxBodyBytes: MAX_PROBE_BODY_BYTES, maxRedirects: 0, signal },
    ...(host === fqdn ? {} : { serverName: fqdn, anyCertificate: true }),
  });
}

/** A reload that was not accepted. */
export interface Refusal {
  /** A clause. */
  readonly reason: string;
  readonly attempts: number;
  /** The body of the last response, which may have secrets; `undefined` if there was none. */
  readonly body: string | undefined;
}

const MIN_TIMEOUT_MS = 1_000;

/**
 * Tries until the request is accepted; then `undefined`. Throws what `ask` throws, and `ROLLOUT_STOPPED`.
 *
 * @param ask sends it once, within this time in milliseconds
 */
export async function untilAccepted(
  context: Waiting,
  request: ReloadRequest,
  withinMs: number,
  ask: (timeoutMs: number) => Promise<Answer>,
): Promise<Refusal | undefined> {
  const now = steadyTime(context.clock);
  const endMs = now() + withinMs;
  for (let attempts = 1; ; attempts++) {
    const answer = await ask(Math.max(MIN_TIMEOUT_MS, endMs - now()));
    const verdict = judge(answer, request);
    if (verdict.outcome === "accepted") return undefined;
    const pauseMs = pauseAfter(attempts);
    if (verdict.outcome === "refused" || now() + pauseMs >= endMs)
      return { reason: verdict.reason, attempts, body: "body" in answer ? answer.body : undefined };
    await pause(context, pauseMs);
  }
}
