/** A forward proxy on the loopback address: requests in absolute form, and tunnels. All host names lead to one port. */
import * as http from "node:http";
import * as net from "node:net";

/** A running proxy. */
export interface ForwardProxy extends AsyncDisposable {
  readonly port: number;
  /** Method and target of every request: what the proxy can see. */
  readonly requests: string[];
  /** Headers of the last request. */
  headers: http.IncomingHttpHeaders;
}

/** @param options.to the port of every host. `options.password`: the password of `user`; none by default. */
export async function startForwardProxy(options: {
  readonly to: number;
  readonly password?: string;
}): Promise<ForwardProxy> {
  const { to, password } = options;
  const requests: string[] = [];
  const expected = password === undefined ? undefined : `Basic ${Buffer.from(`user:${password}`).toString("base64")}`;
  const admits = (request: http.IncomingMessage): boolean => {
    requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
    proxy.headers = request.headers;
    return expected === undefined || request.headers["proxy-authorization"] === expected;
  };
  const sockets = new Set<net.Socket>();
  const server = http.createServer((request, response) => {
    if (!admits(request))
      return void response.writeHead(407, { "proxy-authenticate": "Basic" }).end("credentials required");
    const { pathname, search } = new URL(request.url ?? "");
    const { method, headers } = request;
    const onward = http.request(
      { port: to, host: "127.0.0.1", path: pathname + search, method, headers },
      (upstream) => {
        response.writeHead(upstream.statusCode ?? 502, upstream.headers);
        upstream.pipe(response);
      },
    );
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  server.on("connect", (request: http.IncomingMessage, client: net.Socket) => {
    if (!admits(request))
      return void client.end(
        "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n",
      );
    const onward = net.connect(to, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connected\r\n\r\n");
      client.pipe(onward).pipe(client);
    });
    for (const socket of [client, onward]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: ForwardProxy = {
    port: (server.address() as net.AddressInfo).port,
    requests: requests,
    headers: {},
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
