import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseCidr, parseIpv4 } from "../../../../provider/base/ipv4";
import { PrivateNetwork } from "../../../../provider/platform/network/privateNetwork";
import type { MemberInterface, NetworkMember } from "../../../../provider/platform/network/segment";
import type { VmExit } from "../../../../provider/platform/vmm/vmm";
import { type FakeLink, openFakeLink } from "../../../support/fakeLink";
import { arpFrame, dnsQuery, tcpFrame, udpFrame } from "../../../support/packets";

const WEB = "172.16.0.16";
const DB = "172.16.0.17";
const GATEWAY = "172.16.0.1";
const running = new Promise<VmExit>(() => undefined);

/** A card in a network, with the address of its guest and the length of its prefix. */
const card = (network: string, cidr: string, more: Partial<MemberInterface> = {}): MemberInterface => ({
  ...{ network, ip: parseIpv4(cidr.split("/")[0] ?? ""), subnet: parseCidr(cidr), gateway: undefined, routes: [] },
  ...more,
});

/** Waits until the frames have passed through the sockets. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !condition(); i++) await delay(5);
  assert.ok(condition());
}
const settled = (): Promise<void> => delay(30);

const up = (name: string) =>
  ({ uuid: name, name, hostname: name, mayReachHost: false, state: "up", wake: () => undefined }) as const;

describe("the private network", () => {
  let folder: string;
  let network: PrivateNetwork;
  let web: FakeLink;
  let db: FakeLink;
  let dbState: NetworkMember["state"];
  let wakeCount: number;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-net-"));
    network = new PrivateNetwork();
    dbState = "up";
    wakeCount = 0;
    network.add({ ...up("web"), interfaces: [card("default", `${WEB}/16`)] });
    network.add({
      ...{
        uuid: "db",
        name: "Db",
        hostname: "Cache",
        interfaces: [card("default", `${DB}/16`)],
        mayReachHost: true,
        wake: () => wakeCount++,
      },
      get state() {
        return dbState;
      },
    });
    [web, db] = [await openFakeLink(folder, "web"), await openFakeLink(folder, "db")];
    network.plug("web", { link: web.link, exited: running });
    network.plug("db", { link: db.link, exited: running });
  });
  afterEach(async () => {
    for (const { card: backend, uplink, link } of [web, db]) {
      backend.close();
      uplink.close();
      for (const one of link.cards) one.close();
      link.uplink.close();
    }
    await fs.rm(folder, { recursive: true });
  });

  it("takes frames from guest to guest, to the internet and back", async () => {
    const [toDb, out, back] = [
      tcpFrame({ from: WEB, to: DB }),
      tcpFrame({ from: WEB, to: "93.184.216.34" }),
      tcpFrame({ from: "93.184.216.34", to: WEB, flags: "SA" }),
    ];
    web.card.send(toDb);
    web.card.send(out);
    web.uplink.send(back);
    await until(() => db.card.received.length + web.uplink.received.length + web.card.received.length === 3);
    assert.deepEqual([db.card.received, web.uplink.received, web.card.received], [[toDb], [out], [back]]);
  });

  it("resolves names in any case, and the host's only for a guest that may reach it", async () => {
    const ask = (from: string, name: string): Buffer => udpFrame({ from, to: "172.16.0.2", data: dnsQuery(name) });
    web.card.send(ask(WEB, "db.internal"));
    web.card.send(ask(WEB, "host.internal"));
    db.card.send(ask(DB, "host.internal"));
    await until(() => web.card.received.length === 2 && db.card.received.length === 1);
    const [found, denied] = web.card.received;
    assert.equal(found?.toString("hex").slice(-8), "ac100011");
    assert.equal(denied?.readUInt16BE(44), 0x8583);
    assert.equal(db.card.received[0]?.toString("hex").slice(-8), "ac100001");
    db.card.send(tcpFrame({ from: DB, to: GATEWAY }));
    await until(() => db.uplink.received.length === 1);
  });

  it("resolves the host name of a guest that is up or asleep, unless it is the name of another one", async () => {
    /** The end of the answer, which is the address, if there is one. */
    const ask = async (name: string): Promise<string> => {
      const { received } = web.card;
      const { length } = received;
      web.card.send(udpFrame({ from: WEB, to: "172.16.0.2", data: dnsQuery(name) }));
      await until(() => received.length > length);
      return received.at(-1)?.toString("hex").slice(-8) ?? "";
    };
    const [ofDb, ofOther] = ["ac100011", "ac100012"];
    assert.equal(await ask("CACHE.internal"), ofDb);
    dbState = "asleep";
    assert.equal(await ask("cache.internal"), ofDb);
    dbState = "down";
    assert.notEqual(await ask("cache.internal"), ofDb);
    assert.equal(await ask("db.internal"), ofDb, "its name stays");
    dbState = "up";
    network.add({ ...up("cache"), interfaces: [card("default", "172.16.0.18/16")] });
    assert.equal(await ask("cache.internal"), ofOther);
  });

  it("hides the members of a network from those of another", async () => {
    network.remove("web");
    network.add({ ...up("web"), interfaces: [card("other", `${WEB}/16`)] });
    network.plug("web", { link: web.link, exited: running });
    web.card.send(udpFrame({ from: WEB, to: "172.16.0.2", data: dnsQuery("db.internal") }));
    web.card.send(arpFrame({ from: WEB, to: DB }));
    web.card.send(tcpFrame({ from: WEB, to: DB }));
    db.card.send(udpFrame({ from: DB, to: WEB, ports: [1, 2] }));
    await until(() => web.card.received.length === 2);
    await settled();
    assert.equal(web.card.received[0]?.readUInt16BE(44), 0x8583, "no such name");
    assert.equal(web.card.received[1]?.readUInt8(47), 0x14, "a reset");
    assert.deepEqual([web.card.received.length, db.card.received.length], [2, 0]);
  });

  it("keeps connections to a guest that is asleep, wakes it, and delivers them once it is ready", async () => {
    dbState = "asleep";
    const syn = tcpFrame({ from: WEB, to: DB });
    web.card.send(tcpFrame({ from: WEB, to: DB, flags: "FA" }));
    await settled();
    assert.equal(wakeCount, 0);
    web.card.send(syn);
    await until(() => wakeCount === 1);
    dbState = "up"; // its VM runs, its program does not listen yet
    web.card.send(syn);
    await settled();
    assert.deepEqual(db.card.received, []);
    network.ready("db");
    await until(() => db.card.received.length === 2);
    web.card.send(syn);
    await until(() => db.card.received.length === 3);
    assert.equal(wakeCount, 1);
  });

  it("forgets what it kept when the guest ends before it is ready", async () => {
    dbState = "asleep";
    web.card.send(tcpFrame({ from: WEB, to: DB }));
    await until(() => wakeCount === 1);
    network.plug("db", { link: db.link, exited: Promise.resolve({ kind: "killed", detail: "" }) });
    await settled();
    network.plug("db", { link: db.link, exited: running });
    dbState = "up";
    network.ready("db");
    await settled();
    assert.deepEqual(db.card.received, []);
  });

  it("knows how long a guest has not been used by others", async () => {
    assert.equal(network.idleMs("db"), Infinity);
    web.card.send(tcpFrame({ from: WEB, to: DB, flags: "FA" }));
    await settled();
    assert.equal(network.idleMs("db"), Infinity);
    web.card.send(tcpFrame({ from: WEB, to: DB }));
    await until(() => network.idleMs("db") < 1000);
  });

  it("loses no frame of the user network while a guest does not read, and holds only so many of other guests", async () => {
    db.card.setReading(false);
    const data = Buffer.alloc(1400);
    const fromPeer = tcpFrame({ from: WEB, to: DB, flags: "A", data });
    const fromUplink = tcpFrame({ from: GATEWAY, to: DB, flags: "A", data });
    const count = 8000; // 11 MiB
    for (let i = 0; i < count; i++) db.uplink.send(fromUplink);
    for (let i = 0; i < count; i++) web.card.send(fromPeer);
    await until(() => web.card.isSent);
    await settled();
    db.card.setReading(true);
    const isFromUplink = (frame: Buffer): boolean => frame.equals(fromUplink);
    await until(() => db.card.received.filter(isFromUplink).length === count);
    const fromPeers = db.card.received.length - count;
    assert.ok(fromPeers > 0 && fromPeers < count, `${fromPeers} frames`);
  });

  it("forgets a guest that was removed, and a VM that ended", async () => {
    network.plug("web", { link: web.link, exited: Promise.resolve({ kind: "killed", detail: "" }) });
    db.card.send(tcpFrame({ from: DB, to: WEB }));
    await settled();
    assert.equal(web.card.received.length, 0);
    network.remove("db");
    web.card.send(udpFrame({ from: WEB, to: "172.16.0.2", data: dnsQuery("db.internal") }));
    web.card.send(tcpFrame({ from: WEB, to: DB }));
    await until(() => web.card.received.length === 2);
    assert.equal(web.card.received[0]?.readUInt16BE(44), 0x8583, "no such name");
    assert.equal(web.card.received[1]?.readUInt8(47), 0x14, "a reset");
    assert.deepEqual(db.card.received, []);
  });
});
