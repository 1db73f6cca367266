/** A server on the loopback address that responds as a test defines and records its requests. */
import * as http from "node:http";
import type { AddressInfo } from "node:net";

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
  asked: ReceivedRequest,
) => { readonly status?: number; readonly body: unknown } | undefined;

/** A running server. */
export interface FakeApi extends AsyncDisposable {
  readonly url: string;
  readonly asked: ReceivedRequest[];
  answer: FakeResponder;
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

export async function startFakeApi(answer: FakeResponder): Promise<FakeApi> {
  const api: { url: string; asked: ReceivedRequest[]; answer: FakeResponder } = { url: "", asked: [], answer };
  const server = http.createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      const asked = {
        method: request.method ?? "",
        url: request.url ?? "",
        authorization: request.headers.authorization,
        body: text === "" ? undefined : (JSON.parse(text) as unknown),
      };
      api.asked.push(asked);
      const reply = api.answer(asked);
      if (reply === undefined) return void request.socket.destroy();
      response.writeHead(reply.status ?? 200, { "content-type": "application/json" });
      response.end(JSON.stringify(reply.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  api.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(api, {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
