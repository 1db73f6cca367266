/**
 * What Node can do at most: a proxy of `node:http` that copies requests and responses, and one of `node:net` that copies bytes. A process of
 * its own, in front of a server on the loopback port in its first argument; it sends its ports. Plain JavaScript, because tsx would add a
 * call to each function for its name.
 */
import { once } from "node:events";
import * as http from "node:http";
import * as net from "node:net";

const port = Number(process.argv[2]);
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
process.once("disconnect", () => process.exit());
process.send?.({ http: copyRequests.address()?.port, tcp: copyBytes.address()?.port });
