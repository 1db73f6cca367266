/** An HTTP server whose responses a test writes, byte by byte if necessary. */
import * as http from "node:http";
import type { AddressInfo } from "node:net";

/** Responds to one request; `body` is the request body. */
export type RawResponder = (request: http.IncomingMessage, response: http.ServerResponse, body: string) => void;

/** A running server. */
export interface RawApi extends AsyncDisposable {
  readonly url: string;
  /** Method and target of each request, in order. */
  readonly requests: string[];
  /** Number of connections that were opened. */
  connections: number;
  respond: RawResponder;
}

/** One volume in the envelope of a successful response. */
export const VOLUMES_RESPONSE = JSON.stringify({
  status: "success",
  op_time_us: 1,
  data: { volumes: [{ status: "success", uuid: "u1", name: "data", state: "available", size_mb: 1 }] },
});

/** Ends a response as the API does. */
export function sendJson(
  response: http.ServerResponse,
  status: number,
  text: string,
  headers: http.OutgoingHttpHeaders = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(text);
}

/** {@link sendJson} for every request. */
export const jsonResponder =
  (status: number, text: string, headers: http.OutgoingHttpHeaders = {}): RawResponder =>
  (_request, response) =>
    sendJson(response, status, text, headers);

/** Starts a server on the loopback address. */
export async function startRawApi(respond: RawResponder): Promise<RawApi> {
  const server = http.createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      api.requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
      api.respond(request, response, body);
    });
  });
  const api: RawApi = {
    url: "",
    requests: [],
    connections: 0,
    respond: respond,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  server.on("connection", () => api.connections++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(api, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}
