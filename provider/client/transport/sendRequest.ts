/** How one call gets its answer: attempts until one is answered, and other forms of the request for older nodes. */
import { type Clock } from "../../base/clock";
import { UnikernelError } from "../../base/errors";
import { type Items, isTruncated, readItems, refusalOf } from "./parseResponse";
import { type Attempt, httpFailure, lossFailure } from "../errors/apiErrors";
import type { Exchange, HttpAnswer } from "./httpExchange";
import { type AnyRequest, type Form, NEWEST, addressIn, nextForm, requestIn } from "./apiCompatibility";
import { type LostAnswer, retryDelayMs } from "./retryPolicy";
import type { Method, PathTemplate, Route } from "../../contract/routes";
import type { TakeTurn } from "../../base/semaphore";

/** An address and the token for it. */
export interface ApiEndpoint {
  /** Without a trailing slash or `/v1`. */
  readonly url: string;
  readonly token: string;
  /** A sentence about the address, for the error that says that nothing, or a stranger, answers there. */
  readonly note?: string | undefined;
}

/** One call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds the server may take on purpose (a wait). Such a call takes no turn of {@link TakeTurn}. */
  readonly serverWaitMs?: number;
}

/** What all calls of a client share. */
export interface Sender {
  readonly metro: string;
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly takeTurn: TakeTurn;
  readonly attemptTimeoutMs: number;
  readonly endpoints: Readonly<Record<Route["server"], (refused: boolean) => Promise<ApiEndpoint>>>;
  /** The form that this metro's nodes took last, by route; see `olderNodes.ts`. */
  readonly forms: Map<string, Form>;
}

/** Items, and by which request. */
export interface Answered extends Items {
  readonly requestId: string | undefined;
}

/**
 * Sends a request, in the form that is known to be understood, else in the newest; when a node refuses that form, in the others.
 *
 * Throws what the last attempt failed with; after a refusal of every form, what the first one was refused with.
 */
export async function send(
  sender: Sender,
  name: string,
  route: Route,
  request: AnyRequest,
  call: CallOptions,
): Promise<Answered> {
  let form = sender.forms.get(name) ?? NEWEST;
  let first: UnikernelError | undefined;
  for (;;) {
    try {
      const answered = await sendAs(sender, route, form, requestIn(name, request, form), call);
      if (form !== NEWEST) sender.forms.set(name, form);
      return answered;
    } catch (error) {
      const status = UnikernelError.is(error) ? error.details["status"] : undefined;
      if (!UnikernelError.is(error) || typeof status !== "number" || ![400, 404, 405].includes(status)) throw error;
      const next = nextForm(name, route, request, form, status);
      if (next === undefined) throw first ?? error;
      first ??= error;
      form = next;
    }
  }
}

/** One form of a request, attempted until it is answered or there is no use in going on. */
async function sendAs(
  sender: Sender,
  route: Route,
  form: Form,
  request: AnyRequest,
  call: CallOptions,
): Promise<Answered> {
  const { clock } = sender;
  const address = addressIn(route, form);
  const attempt = attemptOf(sender.metro, route, address, request);
  const beganMs = clock.now();
  let refused = false;
  for (let attempts = 1; ; attempts++) {
    call.signal?.throwIfAborted();
    // Asked before the turn is taken: finding an address may take calls of its own.
    const endpoint = await sender.endpoints[route.server](refused);
    const outcome = await once(sender, endpoint, address, request, call, attempt);
    if ("answer" in outcome) {
      const { answer } = outcome;
      return { ...readItems(route, answer, attempt, clock.now(), endpoint.note), requestId: answer.requestId };
    }
    const tried = { attempts, elapsedMs: clock.now() - beganMs };
    const delayMs = retryDelayMs(route.retry, outcome.lost, tried, Math.random());
    if (delayMs === undefined) throw outcome.failure;
    refused = outcome.lost.kind === "not-sent";
    await clock.sleep(delayMs, call.signal);
  }
}

type Outcome = { readonly answer: HttpAnswer } | { readonly lost: LostAnswer; readonly failure: UnikernelError };

async function once(
  sender: Sender,
  endpoint: ApiEndpoint,
  { method, path }: { readonly method: Method; readonly path: PathTemplate },
  { path: parameters = {}, query, body }: AnyRequest,
  { signal, serverWaitMs = 0 }: CallOptions,
  attempt: Attempt,
): Promise<Outcome> {
  // Waits would keep all others from their turn, and cost the metro next to nothing.
  const giveBack = serverWaitMs > 0 ? undefined : await sender.takeTurn(signal);
  let answer: Awaited<ReturnType<Exchange>>;
  try {
    answer = await sender.exchange({
      method,
      url: endpoint.url + fillPath(path, parameters),
      token: endpoint.token,
      query,
      body,
      timeoutMs: sender.attemptTimeoutMs + serverWaitMs,
      signal,
    });
  } finally {
    giveBack?.();
  }
  if ("lost" in answer) {
    return { lost: { kind: answer.lost }, failure: lossFailure(attempt, endpoint.url, answer, endpoint.note) };
  }
  if (answer.status === 429 || answer.status >= 500) {
    const refusal = refusalOf(answer, sender.clock.now());
    return { lost: { kind: "status", ...refusal }, failure: httpFailure(attempt, refusal) };
  }
  if (answer.status < 300 && isTruncated(answer)) {
    const loss = { because: "its answer broke off", mayHaveActed: true, proxy: undefined };
    return { lost: { kind: "broken" }, failure: lossFailure(attempt, endpoint.url, loss, endpoint.note) };
  }
  return { answer };
}

/** A path with its parameters filled in. Throws `BUG` for one that is not given. */
function fillPath(path: PathTemplate, parameters: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_braces, name: string) => {
    const value = parameters[name];
    if (value === undefined || value === "") throw new UnikernelError("BUG", `'${path}' was called without ${name}.`);
    return encodeURIComponent(value);
  });
}

function attemptOf(
  metro: string,
  { server }: Route,
  { method, path }: { readonly method: Method; readonly path: PathTemplate },
  { path: parameters, query, body }: AnyRequest,
): Attempt {
  const where = server === "metro" ? `in metro '${metro}'` : `of the control plane for metro '${metro}'`;
  return { words: `${method} ${path} ${where}`, metro, resource: subjectOf(parameters, body, query) };
}

/** Uuid or name that a request is about, wherever it holds it; the first of several. */
function subjectOf(...parts: readonly unknown[]): string | undefined {
  for (const part of parts) {
    const first: unknown = Array.isArray(part) ? part[0] : part;
    if (typeof first !== "object" || first === null) continue;
    const { uuid, name } = first as { readonly uuid?: unknown; readonly name?: unknown };
    const subject = [uuid, name].flat().find((one) => typeof one === "string" && one !== "");
    if (typeof subject === "string") return subject;
  }
  return undefined;
}
