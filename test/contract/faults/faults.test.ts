/**
 * A thousand histories over a connection that fails at random, through the real resources, to a real platform: whatever exists is
 * in the state, or an error said that it may exist. `UNIKERNEL_FAULT_HISTORIES` and `UNIKERNEL_FAULT_SEED` make other runs.
 */
import assert from "node:assert/strict";
import * as http from "node:http";
import { FAULTS, type Fault, type FaultyProxy, randomFrom, startFaultyProxy } from "../../support/faultyProxy";
import { freePort } from "../../support/localPlatform";
import { TestPlatform, send } from "../../support/testDaemon";
import { type Counts, History, type Subject, type Truth } from "./history";

const HISTORIES = Number(process.env["UNIKERNEL_FAULT_HISTORIES"] ?? 1000);
const SEED = Number(process.env["UNIKERNEL_FAULT_SEED"] ?? 1);
const AT_ONCE = 16;
/** So many requests of each hundred fail by themselves; an outage begins with each of so many. */
const FAULT_RATE = 0.2;
const OUTAGE_RATE = 0.01;
const OUTAGE_REQUESTS = 14;

/** A sequence of faults: single ones, and outages in which nothing passes. */
function faultsFrom(random: () => number): () => Fault | undefined {
  let left = 0;
  const any = (): Fault => FAULTS[Math.floor(random() * FAULTS.length)] ?? "resetBefore";
  return () => {
    if (left === 0 && random() < OUTAGE_RATE) left = OUTAGE_REQUESTS;
    if (left > 0) {
      left--;
      // The first one of an outage may still be acted on.
      return left === OUTAGE_REQUESTS - 1 ? "resetAfter" : "resetBefore";
    }
    return random() < FAULT_RATE ? any() : undefined;
  };
}

const subjects = (port: number): readonly Subject[] => [
  {
    kind: "Volume",
    before: { sizeMb: 16 },
    after: { sizeMb: 24 },
    path: "/v1/volumes",
    asked: ({ size_mb }) => ({ sizeMb: size_mb }),
  },
  {
    kind: "Service",
    before: { ports: [{ port, destinationPort: 9000 }] },
    after: { ports: [{ port, destinationPort: 9001 }] },
    path: "/v1/services",
    asked: ({ services }) => ({
      ports: (services as { port: number; destination_port: number }[]).map((one) => ({
        port: one.port,
        destinationPort: one.destination_port,
      })),
    }),
  },
  {
    kind: "Instance",
    before: { image: "app:1", memoryMb: 128 },
    after: { image: "app:1", memoryMb: 192 },
    path: "/v1/instances",
    asked: ({ memory_mb }) => ({ image: "app:1", memoryMb: memory_mb }),
  },
];

/** Which of {@link subjects} in turn: a volume takes the most time, since its file system is made by a real tool. */
const MIX = [0, 1, 2, 1, 2];

describe("a connection that fails at random", () => {
  let platform: TestPlatform;
  let proxy: FaultyProxy;
  const agent = new http.Agent({ keepAlive: true });
  const sequences = new Map<string, () => Fault | undefined>();

  before(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    const { url, token } = platform.daemon;
    proxy = await startFaultyProxy({ url, token }, (who) => sequences.get(who)?.());
  });
  after(async () => {
    agent.destroy();
    await proxy[Symbol.asyncDispose]();
    await platform.close();
  });

  it(`loses nothing, makes nothing twice and leaves nothing in ${HISTORIES} histories`, async function () {
    this.timeout(Math.max(120_000, HISTORIES * 500));
    const counts: Counts = {
      ...{ creates: 0, updates: 0, deletes: 0, failures: 0 },
      ...{ reported: 0, lost: 0, duplicates: 0, leaks: 0, untrue: 0 },
    };
    const truth: Truth = {
      async find(path, names) {
        const query = names.map((name) => `name=${name}`).join("&");
        const { url, token } = platform.daemon;
        const { text } = await send(
          `${url}${path}?${query}`,
          "GET",
          { authorization: `Bearer ${token}` },
          undefined,
          agent,
        );
        const { data } = JSON.parse(text) as { data: Record<string, { status: string }[]> };
        return Object.values(data)
          .flat()
          .filter(({ status }) => status !== "error");
      },
      remove: async (path, name) => void (await platform.api("DELETE", path, [{ name }])),
      settled: () => proxy.settled(),
    };
    const begun = Date.now();
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < HISTORIES; index = next++) {
        const random = randomFrom(SEED * 1_000_003 + index);
        const subject = subjects(await freePort())[MIX[index % MIX.length] ?? 0] ?? assert.fail();
        const token = `h${index}`;
        const hasFixedName = random() < 0.5;
        let names = 0;
        const newName = () => `${token}-${hasFixedName ? "fixed" : ++names}`;
        sequences.set(token, faultsFrom(random));
        const before = { ...counts };
        await new History({ url: proxy.url, token }, subject, truth, counts, newName).run(() =>
          sequences.delete(token),
        );
        const worse = (["lost", "duplicates", "leaks", "untrue"] as const).filter((key) => counts[key] > before[key]);
        if (worse.length > 0)
          console.log(`      ${subject.kind} history ${index} of seed ${SEED}: ${worse.join(", ")}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));

    const injected = [...proxy.counts.values()].reduce((sum, count) => sum + count, 0);
    const { creates, updates, deletes, failures, reported, lost, duplicates, leaks, untrue } = counts;
    console.log(
      `      ${HISTORIES} histories, seed ${SEED}, ${((Date.now() - begun) / 1000).toFixed(1)} s: ` +
        `${injected} faults injected into ${proxy.requests()} requests; ` +
        `creates ${creates}, updates ${updates}, deletes ${deletes}, of which ${failures} failed; ` +
        `reported as unsure ${reported}, lost ${lost}, duplicates ${duplicates}, leaks ${leaks}, untrue ${untrue}`,
    );
    console.log(`      ${FAULTS.map((fault) => `${fault} ${proxy.counts.get(fault) ?? 0}`).join(", ")}`);
    assert.deepEqual({ lost, duplicates, leaks, untrue }, { lost: 0, duplicates: 0, leaks: 0, untrue: 0 });
    for (const fault of FAULTS) assert.ok(HISTORIES < 100 || proxy.counts.has(fault), `${fault} never happened`);
  });
});
