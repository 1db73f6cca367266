/** Finds an instance for each HTTP request. A request that cannot be served is answered here. */
import type { Lease } from "../rotation/lease";
import type { Closable } from "../whileOpen";
import { type ClientExchange, exchange, type ExchangeFailure, type ExchangeLimits } from "./exchange";
import { receivedHead } from "./httpClient";
import { MISDIRECTED, refuse, type Refusal } from "./refusal";
import { type ForwardedHead, forwardedHead } from "./requestHead";

/** Where requests get their instances. */
export interface RequestTargets {
  /** A connection that was used before, at once; idle for at most `maxIdleMs` milliseconds. */
  acquireIdle(maxIdleMs: number): Lease | undefined;
  /** A new connection, as soon as an instance is ready; `undefined` if there is none in time, or when the client closes. */
  acquire(client: Closable): Promise<Lease | undefined>;
  /** What a request is told for which there is no instance. */
  refusal(): Refusal;
  /** False if a request for this host, the value of its `Host`, belongs to another service. */
  answersFor(host: string | undefined): boolean;
}

/**
 * How long the connection may have been idle for a request that is not sent twice. Milliseconds. Servers close idle connections after
 * whole seconds, so hardly any closes this one at the same moment.
 */
const MAX_IDLE_UNREPEATABLE_MS = 900;

/** Serves one request; resolves when its exchange with an instance is over. */
export async function forward(client: ClientExchange, targets: RequestTargets, limits: ExchangeLimits): Promise<void> {
  const { request, response } = client;
  const head = forwardedHead(receivedHead(request), client.onUpgrade !== undefined);
  if ("problem" in head)
    return refuse(request, response, { status: head.status, message: `The request has ${head.problem}.` });
  if (!targets.answersFor(head.host)) return refuse(request, response, MISDIRECTED);
  const first = targets.acquireIdle(head.isRepeatable ? Infinity : MAX_IDLE_UNREPEATABLE_MS);
  let failure = first && (await attempt(client, head, first, limits));
  if (first === undefined || (failure?.isStaleConnection === true && head.isRepeatable)) {
    const next = await targets.acquire(response);
    if (response.destroyed) {
      next?.socket.destroy();
      return next?.release("finished");
    }
    if (next === undefined) return refuse(request, response, targets.refusal());
    failure = await attempt(client, head, next, limits);
  }
  if (failure !== undefined) refuse(request, response, failure.refusal);
}

async function attempt(
  client: ClientExchange,
  head: ForwardedHead,
  lease: Lease,
  limits: ExchangeLimits,
): Promise<ExchangeFailure | undefined> {
  try {
    return await exchange(client, head, lease, limits);
  } catch {
    // HTTP/2 allows in a path what HTTP/1 does not.
    lease.socket.destroy();
    lease.release("finished");
    return {
      refusal: { status: 400, message: "The request has an invalid path or header field." },
      isStaleConnection: false,
    };
  }
}
