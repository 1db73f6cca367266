/**
 * The proxy's memory does not grow with the number of requests on connections that stay open. 5,000 requests per kind of port;
 * `UNIKERNEL_TEST_REQUESTS` sets another number, such as 100000.
 *
 * Resident memory grows at first, and levels off: on Node 22 from 113 MiB to 181 after 100,000 requests to a port with the handler `http`, and
 * to 183 after 200,000; with TLS from 114 MiB to 148 after 100,000. What grows are the pages of V8's heap, which it keeps after a collection:
 * the young generation gets its full size under load. The memory of malloc (14 MiB) and of Buffers (5 MiB) stays the same. With
 * `--max-semi-space-size=1` it is 91 and 122 MiB.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import * as http from "node:http";
import * as net from "node:net";
import * as tls from "node:tls";
import { type ProxyMemory, ProxyProcess } from "../../support/proxyProcess";

const REQUESTS = Number(process.env["UNIKERNEL_TEST_REQUESTS"] ?? 5_000);
const CONNECTIONS = 20;
/** Caches and compiled code are there after these. */
const WARM_UP_REQUESTS = 2_000;
/** A leak of 100 bytes per request would be 10 MiB after 100,000; what else differs between two collections is less. */
const MAX_GROWTH_MB = 3;
/** Resident memory of the proxy's process after 200,000 requests; see the top of the file. */
const PLATEAU_MB = 183;
const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const BODY = "0123456789";

/** Sends requests, one after the other on each of several connections, and waits for all responses. */
async function request(port: number, isEncrypted: boolean, count: number): Promise<void> {
  const open = (): net.Socket =>
    isEncrypted ? tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false }) : net.connect(port, "127.0.0.1");
  let left = count;
  const run = async (): Promise<void> => {
    const socket = open().setNoDelay();
    let received = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      received += text;
      if (!received.endsWith(BODY)) return;
      received = "";
      if (left-- > 0) socket.write(REQUEST);
      else socket.end();
    });
    left--;
    socket.write(REQUEST);
    await once(socket, "close");
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, run));
}

describe("the proxy's memory", function () {
  this.timeout(600_000);
  let server: http.Server;
  let proxy: ProxyProcess;
  let served = 0;

  before(async () => {
    server = http.createServer((_request, response) => {
      served++;
      response.end(BODY);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    proxy = await ProxyProcess.open((server.address() as net.AddressInfo).port);
  });
  after(async () => {
    await proxy[Symbol.asyncDispose]();
    server.close();
  });

  for (const form of ["http", "https", "tls", "tcp"] as const)
    it(`is the same after ${REQUESTS} requests on open connections (${form})`, async () => {
      const isEncrypted = form === "https" || form === "tls";
      const port = proxy.ports[form];
      await request(port, isEncrypted, WARM_UP_REQUESTS);
      const before: ProxyMemory = await proxy.memory();
      const servedBefore = served;
      const beganMs = performance.now();
      await request(port, isEncrypted, REQUESTS);
      const seconds = (performance.now() - beganMs) / 1000;
      const after = await proxy.memory();
      console.log(
        `      ${form}: heap ${before.heapMb} -> ${after.heapMb} MiB, external ${before.externalMb} -> ${after.externalMb} MiB, ` +
          `resident ${before.rssMb} -> ${after.rssMb} MiB (levels off near ${PLATEAU_MB}), ${Math.round(REQUESTS / seconds)} requests/s`,
      );
      assert.ok(served - servedBefore >= REQUESTS);
      assert.ok(after.heapMb - before.heapMb < MAX_GROWTH_MB, "the heap has grown");
      assert.ok(after.externalMb - before.externalMb < MAX_GROWTH_MB, "Buffers are kept");
    });
});
