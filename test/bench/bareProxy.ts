/** What Node can do at most: a proxy of `node:http` that copies requests and responses, and one of `node:net` that copies bytes. */
import * as childProcess from "node:child_process";
import { once } from "node:events";
import * as http from "node:http";
import * as net from "node:net";

/** Its ports. */
export type BarePorts = Readonly<Record<"http" | "tcp", number>>;

/** Starts it in a process of its own, in front of a server on a loopback port. */
export async function startBareProxy(
  serverPort: number,
): Promise<{ readonly ports: BarePorts; readonly child: childProcess.ChildProcess }> {
  const execArgv = ["-r", require.resolve("tsx/cjs")];
  const child = childProcess.fork(__filename, [String(serverPort)], { execArgv });
  const [ports] = (await once(child, "message")) as [BarePorts];
  return { ports, child };
}

async function serve(port: number): Promise<void> {
  const agent = new http.Agent({ keepAlive: true });
  const copyRequests = http.createServer((request, response) => {
    const { method, url, headers } = request;
    const upstream = http.request({ agent, host: "127.0.0.1", port, method, path: url, headers }, (incoming) => {
      response.writeHead(incoming.statusCode ?? 502, incoming.headers);
      incoming.pipe(response);
    });
    upstream.on("error", () => response.destroy());
    request.pipe(upstream);
  });
  const copyBytes = net.createServer({ noDelay: true }, (client) => {
    const upstream = net.connect({ port, host: "127.0.0.1", noDelay: true });
    client.on("error", () => upstream.destroy()).pipe(upstream);
    upstream.on("error", () => client.destroy()).pipe(client);
  });
  for (const server of [copyRequests, copyBytes]) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
  const portOf = (server: net.Server): number => (server.address() as net.AddressInfo).port;
  process.once("disconnect", () => process.exit());
  process.send?.({ http: portOf(copyRequests), tcp: portOf(copyBytes) } satisfies BarePorts);
}

if (require.main === module) void serve(Number(process.argv[2]));
