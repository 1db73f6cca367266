import assert from "node:assert/strict";
import { once } from "node:events";
import * as net from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { GuestSocket } from "../../../provider/platform/vmm/qemu/network/guestSocket";

describe("a socket to a VM", () => {
  let server: net.Server;
  let peer: net.Socket;
  let socket: GuestSocket;
  let calls: number;
  let answer: PromiseWithResolvers<boolean>;

  beforeEach(async () => {
    calls = 0;
    answer = Promise.withResolvers();
    server = net.createServer({ allowHalfOpen: true }, (accepted) => (peer = accepted)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    const isVmAlive = (): Promise<boolean> => (calls++, answer.promise);
    socket = new GuestSocket({ allowHalfOpen: true }, isVmAlive).connect(port, "127.0.0.1");
    await Promise.all([once(socket, "connect"), once(server, "connection")]);
  });
  afterEach(() => {
    socket.destroy();
    peer.destroy();
    server.close();
  });

  /** What it reports. */
  const listen = (): string[] => {
    const events: string[] = [];
    socket.on("data", (chunk: Buffer) => events.push(chunk.toString()));
    socket.on("end", () => events.push("end"));
    socket.on("error", (error: NodeJS.ErrnoException) => events.push(error.code ?? ""));
    return events;
  };

  it("reports the end after the bytes before it, once the VM is known to live, and can still send", async () => {
    const events = listen();
    peer.write("one");
    peer.end("two");
    await delay(50);
    assert.equal(events.join(""), "onetwo");
    assert.equal(calls, 1);
    answer.resolve(true);
    await once(socket, "end");
    socket.write("three");
    assert.equal(String((await once(peer, "data"))[0]), "three");
  });

  it("fails when the VM is gone", async () => {
    const events = listen();
    peer.end("part");
    await delay(20);
    answer.resolve(false);
    await new Promise((resolve) => socket.once("close", resolve));
    assert.deepEqual(events, ["part", "ECONNRESET"]);
  });

  it("reports the end of bytes that nobody has read yet when they are read", async () => {
    socket.pause();
    peer.end("late");
    answer.resolve(true);
    await delay(20);
    const events = listen();
    socket.resume();
    await once(socket, "end");
    assert.deepEqual(events, ["late", "end"]);
  });

  it("reports nothing after it was destroyed meanwhile", async () => {
    const events = listen();
    peer.end();
    while (calls === 0) await delay(1);
    socket.destroy();
    answer.resolve(false);
    await delay(10);
    assert.deepEqual(events, []);
  });
});
