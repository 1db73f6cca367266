import assert from "node:assert/strict";
import * as http from "node:http";
import * as net from "node:net";
import { once } from "node:events";
import { timeToFirstByte } from "../../../../examples/boot-benchmark/measuring/firstByte";
import type { InstanceItem } from "../../../../examples/boot-benchmark/measuring/localApi";
import { seededChoices } from "../../../../examples/boot-benchmark/measuring/random";
import { type Round, type RoundOptions, measureRounds } from "../../../../examples/boot-benchmark/measuring/rounds";

/** A platform whose instances respond as a test says, with every call that it got. */
class FakeApi {
  readonly calls: string[] = [];
  notice: string | undefined;
  readonly #listen: (port: number) => void;

  constructor(listen: (port: number) => void = () => undefined) {
    this.#listen = listen;
  }

  instance = (uuid: string): Promise<InstanceItem> =>
    Promise.resolve({
      ...{ uuid, name: uuid, state: "running", boot_time_us: 1_500_000, net_time_us: 1_600_000 },
      ...(this.notice === undefined ? {} : { memory_notice: this.notice }),
    });
  kill = (uuid: string): Promise<void> => this.#call(`kill ${uuid}`);
  start = (uuid: string): Promise<void> => this.#call(`start ${uuid}`);
  delete = (uuid: string): Promise<void> => this.#call(`delete ${uuid}`);
  clone = async (name: string, template: string, ports: { port: number; guestPort: number }): Promise<string> => {
    await this.#call(`clone ${name} of ${template} for ${ports.guestPort}`);
    this.#listen(ports.port);
    return name;
  };

  #call(call: string): Promise<void> {
    this.calls.push(call);
    return Promise.resolve();
  }
}

describe("examples/boot-benchmark: rounds", () => {
  const servers: net.Server[] = [];
  const listen = async (respond: http.RequestListener, port = 0): Promise<number> => {
    const server = http.createServer(respond).listen(port, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    return (server.address() as net.AddressInfo).port;
  };
  afterEach(() => servers.splice(0).forEach((server) => server.close()));

  const measure = async (api: FakeApi, options: Partial<RoundOptions>): Promise<readonly Round[]> => {
    const rounds: Round[] = [];
    const { signal } = new AbortController();
    const defaults = { template: undefined, guestPort: 8080, rounds: 3, seed: 1, timeoutMs: 2_000, pauseMs: 0, signal };
    for await (const round of measureRounds(api, { ...defaults, instances: [], ...options })) rounds.push(round);
    return rounds;
  };

  it("kill and start the instances that the seed chooses", async () => {
    const port = await listen((_, response) => response.end("ready"));
    const api = new FakeApi();
    const instances = ["a", "b", "c", "d"].map((name) => ({ name, uuid: `${name}-1`, port }));
    const rounds = await measure(api, { instances });
    // 0.627…, 0.0027…, 0.527… of 4
    assert.deepEqual(api.calls, ["kill c-1", "start c-1", "kill a-1", "start a-1", "kill c-1", "start c-1"]);
    const [first] = rounds;
    assert.deepEqual(
      { ...first, firstByteMs: 0 },
      { round: 1, instance: "c", outcome: "ok", bootMs: 1500, reachableMs: 1600, firstByteMs: 0 },
    );
    assert.ok((first?.firstByteMs ?? 0) > 0 && (first?.firstByteMs ?? 0) < 2_000);
  });

  it("put a clone in the place of a clone, and restore what the stack declares", async () => {
    const api = new FakeApi((port) => void listen((_, response) => response.end("ready"), port));
    await measure(api, { template: "ready", rounds: 2, instances: [{ name: "a", uuid: "a-1", port: 1 }] });
    assert.deepEqual(api.calls, [
      "kill a-1",
      "clone a-round-1 of ready for 8080",
      "kill a-round-1",
      "delete a-round-1",
      "clone a-round-2 of ready for 8080",
      "delete a-round-2",
      "start a-1",
    ]);
  });

  it("fail if a clone booted, for that is another measurement", async () => {
    const api = new FakeApi((port) => void listen((_, response) => response.end("ready"), port));
    api.notice = "its saved memory is missing";
    await assert.rejects(
      measure(api, { template: "ready", instances: [{ name: "a", uuid: "a-1", port: 1 }] }),
      /^Error: 'a-round-1' is no clone, it booted: its saved memory is missing$/,
    );
    assert.deepEqual(api.calls.slice(-2), ["delete a-round-1", "start a-1"]);
  });

  it("count a start without a first byte", async () => {
    const port = await listen((_, response) => response.writeHead(503).end());
    const instances = [{ name: "a", uuid: "a-1", port }];
    assert.deepEqual(await measure(new FakeApi(), { instances, rounds: 1, timeoutMs: 50 }), [
      {
        round: 1,
        instance: "a",
        outcome: "timeout",
        bootMs: undefined,
        reachableMs: undefined,
        firstByteMs: undefined,
      },
    ]);
  });

  it("end when they are interrupted", async () =>
    assert.deepEqual(await measure(new FakeApi(), { signal: AbortSignal.abort(), instances: [{ name: "a", uuid: "a", port: 1 }] }), [])); // prettier-ignore
});

describe("examples/boot-benchmark: time to first byte", () => {
  const serve = async (onConnection: (socket: net.Socket) => void): Promise<net.Server & { readonly port: number }> => {
    const server = net.createServer(onConnection).listen(0, "127.0.0.1");
    await once(server, "listening");
    return Object.assign(server, { port: (server.address() as net.AddressInfo).port });
  };

  it("is that of the first byte, not of the whole response, and begins when the caller says", async () => {
    const server = await serve((socket) => {
      setTimeout(() => socket.write("HTTP"), 150);
      setTimeout(() => socket.end("/1.1 200 OK\r\n\r\n"), 450);
    });
    const ms = (await timeToFirstByte(server.port, performance.now() - 1_000, 5_000)) ?? 0;
    server.close();
    assert.ok(ms >= 1_145 && ms < 1_445, `${ms} ms`);
  });

  it("asks again while another responds than the server, and while connections break", async () => {
    let asked = 0;
    const server = await serve((socket) => {
      const responses = ["HTTP/1.1 503 Service Unavailable\r\n\r\n", "", "HTTP/1.0 200 OK\r\n\r\n"];
      socket.end(responses[asked++] ?? "");
    });
    assert.ok(((await timeToFirstByte(server.port, performance.now(), 5_000)) ?? 0) > 0);
    server.close();
    assert.equal(asked, 3);
  });

  it("is undefined if nothing comes in time, also without an end of the connection", async () => {
    const server = await serve(() => undefined);
    assert.equal(await timeToFirstByte(server.port, performance.now(), 60), undefined);
    server.close();
  });
});

describe("examples/boot-benchmark: random choices", () => {
  it("are those of mulberry32", () => {
    // 0.6270739…, 0.0027357…, 0.5274470…, as published for the seed 1
    const choose = seededChoices(1);
    assert.deepEqual([choose(1000), choose(1000), choose(1000)], [627, 2, 527]);
  });

  it("reach every instance, and no other", () => {
    const choose = seededChoices(7);
    const chosen = new Set(Array.from({ length: 2_000 }, () => choose(140)));
    assert.deepEqual([chosen.size, Math.min(...chosen), Math.max(...chosen)], [140, 0, 139]);
  });
});
