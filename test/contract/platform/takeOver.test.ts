/** An instance whose addresses another one takes: who gets frames, what a killed daemon leaves, and what is refused. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { failWrites } from "../../support/failingWrites";
import type { FakeGuest } from "../../support/fakeVmm";
import { type FakeLink, openFakeLink } from "../../support/fakeLink";
import { tcpFrame } from "../../support/packets";
import { slowGateway } from "../../support/slowGateway";
import { type Item, TestPlatform } from "../../support/testPlatform";

const [CLIENT, FIREWALL, PLATFORM] = ["10.1.0.5", "10.1.0.1", "172.16.0.1"];
const seat = (ip: string) => [{ tap_name: "outside", ip: `${ip}/24` }];
const CLEAN: FakeGuest = { onStop: { kind: "exited", exitCode: 0 } };
const FAILS: FakeGuest = { ...CLEAN, exits: { afterMs: 20, exit: { kind: "exited", exitCode: 1 } } };

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_000 && !condition(); tries++) await delay(5);
  assert.ok(condition());
}

describe("an instance that takes the addresses of another one", () => {
  let platform: TestPlatform;
  const links: FakeLink[] = [];
  let client: FakeLink;
  let old: FakeLink;
  let oldUuid: string;

  async function connected(name: string, guest: FakeGuest = CLEAN): Promise<FakeLink> {
    const link = await openFakeLink(platform.folder, `${name}-${links.length}`);
    links.push(link);
    platform.guests.set(name, { ...guest, link: link.link });
    return link;
  }

  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    [client, old] = [await connected("client"), await connected("old")];
    await platform.createRunning({ name: "client", network_interfaces: seat(CLIENT) });
    ({ uuid: oldUuid } = await platform.createRunning({ name: "old", network_interfaces: seat(FIREWALL) }));
  });
  afterEach(async () => {
    await platform.close();
    for (const { card, uplink, link } of links.splice(0)) {
      card.close();
      uplink.close();
      for (const one of [...link.cards, link.uplink]) one.close();
    }
  });

  /** Kills the daemon, and with it its connections to the guests. */
  function killDaemon(): void {
    platform.daemon.simulateKill();
    for (const { link } of links) for (const one of [...link.cards, link.uplink]) one.onFrames(() => undefined);
  }

  const takeOver = (name: string, after_ms: number, more: object = {}) =>
    platform.requestItem("POST", "/v1/instances", {
      ...{ name, image: "app:1", network_interfaces: seat(FIREWALL), autostart: true, timeout_s: 10 },
      take_over: { name: "old", after_ms },
      ...more,
    });
  const hasTaken = (uuid: string): Promise<Item> =>
    platform.waitForItem(uuid, ({ addresses }) => addresses === undefined);
  const stopped = (uuid: string): Promise<Item> => platform.waitForItem(uuid, ({ state }) => state === "stopped");

  /** Sends a frame from the client to the firewall and one back from each of its guests; tells who got which. */
  async function exchange(fresh: FakeLink) {
    const all = [client, old, fresh];
    for (const { card, uplink } of all) card.received.length = uplink.received.length = 0;
    client.card.send(tcpFrame({ from: CLIENT, to: FIREWALL }));
    for (const one of [old, fresh]) {
      one.card.send(tcpFrame({ from: FIREWALL, to: CLIENT }));
      one.card.send(tcpFrame({ from: FIREWALL, to: "93.184.216.34" }));
    }
    await delay(50);
    const [byClient = 0, byOld = 0, byNew = 0] = all.map(({ card }) => card.received.length);
    return { byClient, byOld, byNew, toInternet: [old.uplink.received.length, fresh.uplink.received.length] };
  }
  const OLD_HAS_IT = { byClient: 1, byOld: 1, byNew: 0, toInternet: [1, 0] };
  const NEW_HAS_IT = { byClient: 1, byOld: 0, byNew: 1, toInternet: [0, 1] };

  it("is in no network until its program has run for long enough; then the port of the switch is its own", async () => {
    const fresh = await connected("new");
    const { uuid, addresses } = await takeOver("new", 300);
    assert.equal(addresses, "awaited");
    assert.equal(platform.vmm.starts.at(-1)?.network.interfaces[0]?.mac, "52:54:0a:01:00:01");
    assert.deepEqual(await exchange(fresh), OLD_HAS_IT);
    assert.equal((await hasTaken(uuid))["state"], "running");
    assert.deepEqual(await exchange(fresh), NEW_HAS_IT);
    const left = await stopped(oldUuid);
    assert.deepEqual([left["addresses"], left["stop_reason"]], ["lost", 15]);
    const again = await platform.requestItem("PUT", "/v1/instances/start", [{ uuid: oldUuid }]);
    assert.match(again.message, /'old' has lost its addresses to another instance and never runs again; delete it/);
    await platform.api("DELETE", "/v1/instances", [{ uuid: oldUuid }]);
    assert.deepEqual(await exchange(fresh), NEW_HAS_IT);
  });

  it("leaves them where they are if its program ends before that, and gets them at a later start", async () => {
    const fresh = await connected("new", FAILS);
    const { uuid } = await takeOver("new", 100);
    assert.equal((await stopped(uuid))["addresses"], "awaited");
    await delay(150);
    assert.deepEqual(await exchange(fresh), OLD_HAS_IT);
    const better = await connected("new");
    await platform.requestItem("PUT", "/v1/instances/start", [{ uuid, timeout_s: 10 }]);
    await hasTaken(uuid);
    assert.deepEqual(await exchange(better), NEW_HAS_IT);
  });

  const HELLO = { http: { port: 80, path: "/hello", match: { "$.status": "pass" } }, interval_ms: 20 };

  it("waits for its readiness probe too, also at the next daemon, and is asked over its user network alone", async () => {
    const fresh = await connected("new", slowGateway({ serveAfterMs: 0, healthyAfterMs: 500 })());
    const { uuid } = await takeOver("new", 0, { readiness_probe: HELLO });
    assert.equal(((await platform.instance(uuid))["readiness"] as Item)["state"], "waiting");
    assert.deepEqual(await exchange(fresh), OLD_HAS_IT);
    for (const restart of [false, true]) {
      if (restart) killDaemon();
      if (restart) await platform.start();
      for (const one of [fresh.card, fresh.uplink]) one.received.length = 0;
      fresh.uplink.send(tcpFrame({ from: PLATFORM, to: FIREWALL }));
      fresh.card.send(tcpFrame({ from: FIREWALL, to: PLATFORM, flags: "SA" }));
      fresh.card.send(tcpFrame({ from: FIREWALL, to: PLATFORM })); // it may not open a connection itself
      await until(() => fresh.card.received.length === 1 && fresh.uplink.received.length === 1);
    }
    assert.equal((await hasTaken(uuid))["addresses"], undefined);
    assert.deepEqual(await exchange(fresh), NEW_HAS_IT);
    await stopped(oldUuid);
  });

  it("leaves them where they are while its probe fails, and gets them once nothing is asked any more", async () => {
    const fresh = await connected("new", slowGateway({ serveAfterMs: 0, healthyAfterMs: Infinity })());
    const { uuid } = await takeOver("new", 0, { readiness_probe: { ...HELLO, failure_threshold: 2 } });
    const failed = await platform.waitForItem(uuid, ({ readiness }) => (readiness as Item)["state"] === "failed");
    assert.deepEqual([failed["state"], failed["addresses"]], ["running", "awaited"]);
    assert.deepEqual(await exchange(fresh), OLD_HAS_IT);
    await platform.requestItem("PATCH", "/v1/instances", [{ uuid, prop: "readiness_probe", op: "del" }]);
    await hasTaken(uuid);
    assert.deepEqual(await exchange(fresh), NEW_HAS_IT);
  });

  it("gets them from the next daemon if this one is killed while it waits", async () => {
    const fresh = await connected("new");
    const { uuid } = await takeOver("new", 200);
    killDaemon();
    await platform.start();
    assert.deepEqual(await exchange(fresh), OLD_HAS_IT);
    await hasTaken(uuid);
    assert.deepEqual(await exchange(fresh), NEW_HAS_IT);
    await stopped(oldUuid);
  });

  for (const asleep of [false, true]) {
    it(`has them after a kill right behind the write, and the other one stops${asleep ? ", also if it is suspended" : ""}`, async () => {
      const fresh = await connected("new");
      const { uuid } = await takeOver("new", 600_000);
      if (asleep) await platform.requestItem("PUT", "/v1/instances/suspend", [{ uuid: oldUuid }]);
      killDaemon();
      // What the daemon writes in one transaction before it changes the switch.
      const database = new DatabaseSync(platform.paths.databaseFile);
      const change = (of: string, to: string) =>
        database.prepare(`UPDATE instances SET status = ${to} WHERE uuid = ?`).run(of);
      change(uuid, "json_remove(status, '$.takeOverAfterMs')");
      change(oldUuid, `json_set(status, '$.addressesLost', json('true'), '$.stopAskedBy', 'user')`);
      database.close();
      await platform.start();
      assert.deepEqual(await exchange(fresh), NEW_HAS_IT);
      const left = await platform.waitForItem(oldUuid, ({ state, snapshot }) => state === "stopped" && !snapshot);
      assert.equal(left["addresses"], "lost");
    });
  }

  it("tries again where the write failed, and until then nothing changes", async () => {
    const fresh = await connected("new");
    const writes = failWrites("BEGIN", { passing: 1 }); // the first is that of the create
    const { uuid } = await takeOver("new", 0);
    await until(() => writes.attempts() > 1);
    assert.deepEqual(await exchange(fresh), OLD_HAS_IT);
    assert.equal((await platform.instance(uuid))["addresses"], "awaited");
    writes.restore();
    await hasTaken(uuid);
    assert.deepEqual(await exchange(fresh), NEW_HAS_IT);
    assert.match(await fs.readFile(platform.paths.logFile, "utf8"), /instance\.no-take-over/);
  });

  it("waits from its resume on if it was suspended, and takes what nobody has any more", async () => {
    const fresh = await connected("new");
    const { uuid } = await takeOver("new", 100);
    await platform.requestItem("PUT", "/v1/instances/suspend", [{ uuid }]);
    await platform.api("DELETE", "/v1/instances", [{ uuid: oldUuid }]);
    await delay(150);
    assert.equal((await platform.instance(uuid))["addresses"], "awaited");
    await platform.requestItem("PUT", "/v1/instances/start", [{ uuid }]);
    await hasTaken(uuid);
    client.card.send(tcpFrame({ from: CLIENT, to: FIREWALL }));
    await until(() => fresh.card.received.length === 1);
  });

  it("is refused where it would not replace the other one", async () => {
    const message = async (more: object): Promise<string> => (await takeOver("new", 0, more)).message;
    assert.match(await message({ network_interfaces: seat("10.1.0.9") }), /instance 'old' has other addresses/);
    assert.match(await message({ network_interfaces: [{ tap_name: "dmz", ip: "10.1.0.1/24" }] }), /other addresses/);
    assert.match(await message({ take_over: { name: "nobody" } }), /No instance with name 'nobody'/);
    const service_group = { services: [{ port: 8080, destination_port: 80 }] };
    assert.match(await message({ service_group }), /'take_over' cannot be combined with 'service_group'/);
    assert.match(await message({ take_over: undefined }), /already in use in network 'outside', by instance 'old'/);
    assert.match(await message({ replicas: 1 }), /cannot have the same address/);
    await connected("new");
    const { uuid } = await takeOver("new", 0);
    await hasTaken(uuid);
    assert.match((await takeOver("newer", 0)).message, /instance 'old' does not have its addresses/);
    assert.equal((await takeOver("newer", 0, { take_over: { uuid } }))["status"], "success");
  });
});
