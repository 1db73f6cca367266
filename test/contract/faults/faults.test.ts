/**
 * Histories over a connection that fails at random, through the real resources, to a real platform: whatever exists is
 * in the state, or an error said that it may exist. `UNIKERNEL_FAULT_HISTORIES` and `UNIKERNEL_FAULT_SEED` select other runs.
 */
import assert from "node:assert/strict";
import * as http from "node:http";
import type { Properties } from "../../../provider/definition/resource";
import { FAULTS, type Fault, type FaultyProxy, startFaultyProxy } from "../../support/faultyProxy";
import { seededRandom } from "../../support/seededRandom";
import { freePort } from "../../support/freePorts";
import { TestPlatform, sendHttp } from "../../support/testPlatform";
import { type Counts, History, noCounts } from "./history";
import { STEADY_RATE, faultsFrom } from "./sequence";
import { SUBJECTS, type Truth } from "./subjects";

const HISTORIES = Number(process.env["UNIKERNEL_FAULT_HISTORIES"] ?? 300);
const SEED = Number(process.env["UNIKERNEL_FAULT_SEED"] ?? 1);
const AT_ONCE = 16;
/** Share of histories in which an error may report that something may exist. */
const REPORTED_RATE = 0.03;

/** Counts that must be zero. */
const WORSE = ["lost", "duplicates", "leaks", "untrue"] as const;

function add(sum: Counts, more: Counts): void {
  for (const key of Object.keys(sum) as (keyof Counts)[]) sum[key] += more[key];
}

describe("a connection that fails at random", () => {
  let platform: TestPlatform;
  let proxy: FaultyProxy;
  const agent = new http.Agent({ keepAlive: true });
  const sequences = new Map<string, () => Fault | undefined>();
  /** Volumes that belong to no history. */
  const free: string[] = [];
  let digests: readonly [string, string];

  async function look(target: string): Promise<readonly Properties[]> {
    const { url, token } = platform.daemon;
    const { text } = await sendHttp(url + target, "GET", { authorization: `Bearer ${token}` }, undefined, agent);
    const { data } = JSON.parse(text) as { data: Record<string, { status: string }[]> };
    return Object.values(data)
      .flat()
      .filter(({ status }) => status !== "error");
  }
  const truth: Truth = {
    find: (at, by, ofThese) => look(`${at}?${ofThese.map((one) => `${by}=${one}`).join("&")}`),
    instances: async () => (await look("/v1/instances?details=false")).map(({ name }) => String(name)),
    remove: async (at, name) => void (await platform.api("DELETE", at, [{ name }])),
    settled: (token) => proxy.settled(token),
  };

  before(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    digests = [await platform.addImage("app", "1", "first"), await platform.addImage("app", "2", "second")];
    for (let index = 0; index < AT_ONCE; index++) {
      free.push((await platform.requestItem("POST", "/v1/volumes", { name: `shared-${index}`, size_mb: 16 })).uuid);
    }
    const { url, token } = platform.daemon;
    proxy = await startFaultyProxy({ url, token }, (who) => sequences.get(who)?.());
  });
  after(async () => {
    agent.destroy();
    await proxy[Symbol.asyncDispose]();
    await platform.close();
  });

  it(`loses nothing, duplicates nothing and leaves nothing behind in ${HISTORIES} histories`, async function () {
    this.timeout(Math.max(120_000, HISTORIES * 500));
    const all: Counts = noCounts();
    const steady: Counts = noCounts();
    const begun = Date.now();
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < HISTORIES; index = next++) {
        const random = seededRandom(SEED * 1_000_003 + index);
        const token = `h${index}`;
        const volumes: string[] = [];
        const surroundings = {
          ...{ port: await freePort(), domain: `${token}.example.org`, digests },
          volume: () => {
            const uuid = free.pop() ?? assert.fail("a history did not give its volume back");
            volumes.push(uuid);
            return uuid;
          },
        };
        const subject = SUBJECTS[index % SUBJECTS.length]?.(surroundings) ?? assert.fail();
        const isSteady = random() < STEADY_RATE;
        sequences.set(token, faultsFrom(random, isSteady));
        const history = new History(subject, { url: proxy.url, token, truth, random });
        await history.run(() => sequences.delete(token));
        const held = volumes.length === 0 ? [] : await truth.find("/v1/volumes", "uuid", volumes);
        history.counts.leaks += held.filter((one) => (one["attached_to"] as object[]).length > 0).length;
        free.push(...volumes);
        add(all, history.counts);
        if (isSteady) add(steady, history.counts);
        const worse = WORSE.filter((key) => history.counts[key] > 0);
        if (worse.length > 0)
          console.log(`      ${subject.what}, history ${index} of seed ${SEED}: ${worse.join(", ")}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));

    const injected = [...proxy.counts.values()].reduce((sum, count) => sum + count, 0);
    const { creates, reads, updates, deletes, failures, reported } = all;
    console.log(
      `      ${HISTORIES} histories, seed ${SEED}, ${((Date.now() - begun) / 1000).toFixed(1)} s: ` +
        `${injected} faults injected into ${proxy.requests()} requests; ` +
        `creates ${creates}, reads ${reads}, updates ${updates}, deletes ${deletes}, of which ${failures} failed; ` +
        `reported as uncertain ${reported}, ${steady.reported} of them on a steady connection; ` +
        WORSE.map((key) => `${key} ${all[key]}`).join(", "),
    );
    console.log(`      ${FAULTS.map((fault) => `${fault} ${proxy.counts.get(fault) ?? 0}`).join(", ")}`);
    assert.deepEqual(Object.fromEntries(WORSE.map((key) => [key, all[key]])), {
      ...{ lost: 0, duplicates: 0, leaks: 0, untrue: 0 },
    });
    // An error that says "look for it" is acceptable for outages only.
    assert.equal(steady.reported, 0, "reported on a steady connection");
    assert.ok(reported <= Math.max(1, HISTORIES * REPORTED_RATE), `${reported} reported`);
    for (const key of ["creates", "reads", "updates", "deletes"] as const) {
      assert.ok(all[key] >= HISTORIES / 2, `only ${all[key]} ${key}`);
    }
    for (const fault of FAULTS) assert.ok(HISTORIES < 100 || proxy.counts.has(fault), `${fault} never happened`);
  });
});
