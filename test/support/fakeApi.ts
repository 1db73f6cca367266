/** A server on the loopback address that responds as a test defines and records its requests. */
import { sendJson, startRawApi } from "./rawApi";

/** A request as it arrived. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** Responds to one request; `undefined` closes the connection without a response. */
export type FakeResponder = (
  request: ReceivedRequest,
) => { readonly status?: number; readonly body: unknown } | undefined;

/** A running server. */
export interface FakeApi extends AsyncDisposable {
  readonly url: string;
  /** Every request in order. */
  readonly requests: ReceivedRequest[];
  respond: FakeResponder;
}

/** Items in the envelope of a successful response. */
export const success = (key: string, ...items: readonly object[]) => ({
  body: { status: "success", op_time_us: 1, data: { [key]: items } },
});

/** One failed item in its envelope. */
export const failure = (key: string, error: number, message: string) => ({
  body: {
    status: "error",
    message: "Failed to perform all operations",
    op_time_us: 1,
    data: { [key]: [{ status: "error", error, message }] },
  },
});

/** Starts a server that passes each request to `respond`, which a test may replace later. */
export async function startFakeApi(respond: FakeResponder): Promise<FakeApi> {
  const server = await startRawApi((request, response, text) => {
    const received = {
      method: request.method ?? "",
      url: request.url ?? "",
      authorization: request.headers.authorization,
      body: text === "" ? undefined : (JSON.parse(text) as unknown),
    };
    api.requests.push(received);
    const reply = api.respond(received);
    if (reply === undefined) return void request.socket.destroy();
    sendJson(response, reply.status ?? 200, JSON.stringify(reply.body));
  });
  const api: FakeApi = {
    url: server.url,
    requests: [],
    respond: respond,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return api;
}
