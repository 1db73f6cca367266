/**
 * The typed REST client, made from the route table: `client.getInstances({ query: { uuid: [id] } })`.
 *
 * A call resolves with the items of the answer, failed ones included (a bulk call is not atomic); it rejects when the
 * request as a whole failed. Every answer is parsed by its model; one that does not fit is `API_SHAPE`.
 */
import axios, { type AxiosInstance, type AxiosResponse } from "axios";
import { type Clock, systemClock } from "../base/clock";
import { UnikernelError } from "../base/errors";
import { httpFailure, itemFailure } from "./failure";
import * as models from "./models";
import { type LostAnswer, parseRetryAfter, retryDelayMs } from "./retry";
import { type BodyOf, type ItemOf, type QueryOf, type Route, type RouteName, routes } from "./routes";

/** An address and the token for it. */
export interface ApiEndpoint {
  /** Without a trailing slash or `/v1`. */
  readonly url: string;
  readonly token: string;
}

/** What the client needs. */
export interface ClientOptions {
  /** Name for messages, such as `fra` or `local`. */
  readonly metro: string;
  /** Finds the API. Asked with `refused: true` after a connection was refused: the local daemon may have moved or ended. */
  readonly endpoint: (refused: boolean) => Promise<ApiEndpoint>;
  readonly clock?: Clock;
  /** Milliseconds for one attempt; server-side waits get their own time on top. Default 30,000. */
  readonly attemptTimeoutMs?: number;
}

/** An answer. */
export interface Reply<K extends RouteName> {
  readonly items: readonly ItemOf<K>[];
  /** Envelope message, such as `Operation timed out`. */
  readonly message: string | undefined;
}

/** One call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds the server may take on purpose (a wait). */
  readonly serverWaitMs?: number;
}

type Request<K extends RouteName> = (undefined extends BodyOf<K> ? { body?: undefined } : { body: BodyOf<K> }) & {
  query?: QueryOf<K>;
};

/** Every route as a function. */
export type Client = {
  readonly [K in RouteName]: (request: Request<K>, options?: CallOptions) => Promise<Reply<K>>;
} & {
  readonly metro: string;
  /** Grows when a request that may change something is sent and when its answer is there: what was read before is old then. */
  readonly changes: () => number;
};

const NOT_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);
/** Codes of Node and axios, for people. */
const NETWORK_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no host of this name",
  EAI_AGAIN: "its name could not be looked up",
  EHOSTUNREACH: "there is no way to this host",
  ENETUNREACH: "there is no way to its network",
  ECONNABORTED: "it took too long",
  ETIMEDOUT: "it took too long",
};
const USER_AGENT = "pulumi-unikernel";

/** Makes a client for one metro. Connections are kept alive and shared by all calls. */
export function createClient(options: ClientOptions): Client {
  const http = axios.create({
    responseType: "text",
    transformResponse: (text: unknown) => text,
    validateStatus: () => true,
    maxRedirects: 0,
    headers: { Accept: "application/json", "User-Agent": USER_AGENT },
    paramsSerializer: { indexes: null },
  });
  let changes = 0;
  const calls = Object.entries(routes).map(([name, route]) => [
    name,
    async (request: { query?: object; body?: unknown }, call: CallOptions = {}) => {
      const step = route.method === "GET" ? 0 : 1;
      changes += step;
      try {
        return await send(http, options, route, request, call);
      } finally {
        changes += step;
      }
    },
  ]);
  // Built from the table whose keys type Client.
  return Object.assign(Object.fromEntries(calls), { metro: options.metro, changes: () => changes }) as Client;
}

async function send(
  http: AxiosInstance,
  options: ClientOptions,
  route: Route,
  request: { query?: object; body?: unknown },
  call: CallOptions,
): Promise<{ items: readonly unknown[]; message: string | undefined }> {
  const clock = options.clock ?? systemClock;
  const attempted = `${route.method} ${route.path} in metro '${options.metro}'`;
  let refused = false;
  for (let attempt = 1; ; attempt++) {
    call.signal?.throwIfAborted();
    const outcome = await once(http, options, route, request, call, refused, attempted);
    if ("answer" in outcome) return readAnswer(route, outcome.answer, attempted);
    const delayMs = retryDelayMs(route.retry, outcome.lost, attempt, Math.random());
    if (delayMs === undefined) throw outcome.failure;
    refused = outcome.lost.kind === "not-sent";
    await clock.sleep(delayMs, call.signal);
  }
}

type Outcome =
  { readonly answer: AxiosResponse<string> } | { readonly lost: LostAnswer; readonly failure: UnikernelError };

async function once(
  http: AxiosInstance,
  options: ClientOptions,
  route: Route,
  request: { query?: object; body?: unknown },
  call: CallOptions,
  refused: boolean,
  attempted: string,
): Promise<Outcome> {
  const endpoint = await options.endpoint(refused);
  let answer: AxiosResponse<string>;
  try {
    answer = await http.request<string>({
      method: route.method,
      url: endpoint.url + route.path,
      params: request.query,
      data: request.body,
      timeout: (options.attemptTimeoutMs ?? 30_000) + (call.serverWaitMs ?? 0),
      headers: { Authorization: `Bearer ${endpoint.token}` },
      // A proxy cannot reach this machine's own loopback.
      ...(isLoopback(endpoint.url) ? { proxy: false as const } : {}),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
  } catch (error) {
    call.signal?.throwIfAborted();
    const code = axios.isAxiosError(error) ? (error.code ?? "") : "";
    const failure = new UnikernelError(
      "API_UNREACHABLE",
      `${attempted} got no answer from ${endpoint.url} (${[NETWORK_WORDS[code] ?? "the connection broke", code].filter(Boolean).join(", ")}).`,
      {
        hint: "Check the metro's name, the network, and HTTPS_PROXY if one is needed.",
      },
    );
    return { lost: { kind: NOT_SENT.has(code) ? "not-sent" : "broken" }, failure };
  }
  if (answer.status === 429 || answer.status >= 500) {
    const retryAfterMs = parseRetryAfter(answer.headers["retry-after"], (options.clock ?? systemClock).now());
    return {
      lost: { kind: "status", status: answer.status, retryAfterMs },
      failure: httpFailure(attempted, answer.status, envelopeMessage(answer.data)),
    };
  }
  return { answer };
}

/** True for an address on this machine's loopback. */
export const isLoopback = (url: string): boolean => /^https?:\/\/(127\.|localhost[:/]|localhost$|\[::1\])/.test(url);

function parseEnvelope(text: string): ReturnType<typeof models.envelope.safeParse> | undefined {
  try {
    return models.envelope.safeParse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function envelopeMessage(text: string): string | undefined {
  const data = parseEnvelope(text)?.data;
  return data?.message ?? data?.errors?.[0]?.message;
}

function readAnswer(route: Route, answer: AxiosResponse<string>, attempted: string) {
  const envelope = parseEnvelope(answer.data);
  if (envelope?.data === undefined) {
    if (answer.status === 401 || answer.status === 403) throw httpFailure(attempted, answer.status, undefined);
    const type = String(answer.headers["content-type"] ?? "no content type");
    throw new UnikernelError(
      "API_SHAPE",
      `${attempted} was answered with HTTP ${answer.status} and ${type}, not with this API's JSON.`,
      {
        hint: "Another service answers at this address: check the metro's name or URL.",
      },
    );
  }
  const { status, message, data, errors } = envelope.data;
  if (answer.status >= 300) throw httpFailure(attempted, answer.status, message ?? errors?.[0]?.message);

  const content = route.dataKey === undefined ? [data] : data?.[route.dataKey];
  if (content === undefined && status !== "error")
    throw shapeFailure(attempted, `data.${route.dataKey ?? ""} is missing`);
  const items = (Array.isArray(content) ? content : []).map((item: unknown) => readItem(route, item, attempted));
  if (status === "error" && items.length === 0) {
    throw httpFailure(attempted, errors?.[0]?.status ?? 400, message ?? errors?.[0]?.message);
  }
  return { items, message };
}

function readItem(route: Route, item: unknown, attempted: string): unknown {
  const parsed = route.item.safeParse(item);
  if (parsed.success) return parsed.data;
  // A failed item may hold nothing but its selector and its error; it never reaches code that reads its fields.
  const failed = models.failedItem.safeParse(item);
  if (failed.success) return failed.data;
  const paths = parsed.error.issues.map((issue) => issue.path.map(String).join(".")).join(", ");
  throw shapeFailure(attempted, paths);
}

const shapeFailure = (attempted: string, where: string): UnikernelError =>
  new UnikernelError("API_SHAPE", `${attempted} was answered in a form this version does not know (${where}).`, {
    hint: "Look for a newer version of this package.",
  });

/**
 * The one item of an answer to a call about one thing.
 *
 * Throws the item's failure by its numeric code (`NOT_FOUND` for 8, and so on).
 *
 * @param attempted completes the sentence of the error, such as `Creating volume 'data'`
 */
export function onlyItem<K extends RouteName>(reply: Reply<K>, attempted: string): ItemOf<K> {
  const item = reply.items[0];
  if (item === undefined) throw new UnikernelError("NOT_FOUND", `${attempted} failed: the answer is empty.`);
  const status = item as Parameters<typeof itemFailure>[1];
  if (status.status === "error") throw itemFailure(attempted, status, reply.message);
  return item;
}
