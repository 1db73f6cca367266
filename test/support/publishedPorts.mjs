/**
 * The process behind proxyProcess.ts. Plain JavaScript, with the modules of the compiled package: tsx would add a call to each function for its
 * name, which costs the handler `http` a tenth of its rate.
 */
import * as net from "node:net";
import { ConnectionBudget, connectionCountsFor } from "../../dist/provider/platform/proxy/ports/connectionBudget.js";
import { PublicPorts } from "../../dist/provider/platform/proxy/ports/publicPorts.js";
import { ServiceProxy } from "../../dist/provider/platform/proxy/serviceProxy.js";
import { DEFAULT_TIMINGS } from "../../dist/provider/platform/timings.js";

const LIMITS = { softLimit: 65_535, hardLimit: 65_535 };
const EVENTS = { onWakeNeeded: () => undefined, onRequest: () => undefined, onConnectionCount: () => undefined };

/** An instance that serves on a loopback port, whatever port of it is asked for. */
const targetAt = (port) => ({
  connect: (_guestPort, { signal }) =>
    new Promise((resolve) => {
      const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
      const settle = (connected) => {
        signal.removeEventListener("abort", abandon);
        socket.off("connect", succeed).off("close", abandon);
        resolve(connected);
      };
      const succeed = () => settle(socket);
      const abandon = () => settle(void socket.destroy());
      signal.addEventListener("abort", abandon);
      socket
        .on("error", () => undefined)
        .on("connect", succeed)
        .on("close", abandon);
    }),
});

const freePort = () =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

async function publish(serverPort, certificate, { isHttp, mode }) {
  const port = await freePort();
  const budget = new ConnectionBudget(connectionCountsFor(1024));
  const proxy = new ServiceProxy(LIMITS, EVENTS, DEFAULT_TIMINGS, new PublicPorts(budget));
  proxy.rotation.setState("one", "ready", targetAt(serverPort));
  const names = { domains: [], certificateFor: () => certificate };
  await proxy.publish([{ port, destinationPort: 80, isHttp, mode }], names);
  return port;
}

const toMb = (bytes) => Math.round((bytes / 2 ** 20) * 10) / 10;

function memory() {
  globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapMb: toMb(heapUsed), externalMb: toMb(external), rssMb: toMb(rss) };
}

process.once("disconnect", () => process.exit());
process.once("message", async ({ serverPort, certificate }) => {
  const open = (isHttp, mode) => publish(serverPort, certificate, { isHttp, mode });
  const ports = {
    ...{ tcp: await open(false, "plain"), tls: await open(false, "tls") },
    ...{ http: await open(true, "plain"), https: await open(true, "tls") },
  };
  process.on("message", () => process.send(memory()));
  process.send(ports);
});
