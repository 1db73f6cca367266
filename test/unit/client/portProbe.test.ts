import assert from "node:assert/strict";
import * as http from "node:http";
import * as net from "node:net";
import { probePort } from "../../../provider/client/portProbe";
import { freePort } from "../../support/freePorts";

/** Probes a server that listens for the time of the test. */
async function probe(server: net.Server, isHttp: boolean): Promise<string | undefined> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  try {
    return await probePort({ host: "127.0.0.1", serverName: "web.test", port, isTls: false, isHttp });
  } finally {
    server.close();
  }
}
const answering = (status: number, headers: http.OutgoingHttpHeaders = {}) =>
  http.createServer((_request, response) => response.writeHead(status, headers).end());

describe("the probe of a published port", () => {
  it("takes any HTTP answer of the program for one, and those of a load balancer for none", async () => {
    for (const status of [200, 404, 500]) assert.equal(await probe(answering(status), true), undefined);
    assert.equal(await probe(answering(302, { location: "http://127.0.0.1:1/" }), true), undefined);
    assert.equal(await probe(answering(503), true), "answers with HTTP 503");
    assert.equal(
      await probe(
        net.createServer((socket) => socket.destroy()),
        true,
      ),
      "does not answer",
    );
  });

  it("asks by the service's name", async () => {
    const hosts: (string | undefined)[] = [];
    const server = http.createServer((request, response) => {
      hosts.push(request.headers.host);
      response.end();
    });
    await probe(server, true);
    assert.deepEqual(hosts, ["web.test"]);
  });

  it("takes a connection that stays open, or brings data, for an answer", async () => {
    const sockets: net.Socket[] = [];
    assert.equal(
      await probe(
        net.createServer((socket) => void sockets.push(socket)),
        false,
      ),
      undefined,
    );
    assert.equal(
      await probe(
        net.createServer((socket) => socket.end("220 ready")),
        false,
      ),
      undefined,
    );
    assert.equal(
      await probe(
        net.createServer((socket) => socket.destroy()),
        false,
      ),
      "closes connections at once",
    );
    for (const socket of sockets) socket.destroy();
    const port = await freePort();
    const nobody = { host: "127.0.0.1", serverName: "web.test", port, isTls: false, isHttp: false };
    assert.equal(await probePort(nobody), "refuses connections");
  });

  it("ends with the reason of a signal", async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as net.AddressInfo;
    const controller = new AbortController();
    const address = { host: "127.0.0.1", serverName: "web.test", port, isTls: false, isHttp: false };
    try {
      const probing = probePort(address, controller.signal);
      controller.abort(new Error("cancelled"));
      await assert.rejects(probing, /cancelled/);
    } finally {
      server.close();
    }
  });
});
