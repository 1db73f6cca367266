/**
 * The private network with real VMs: who reaches whom, by a Go program in each guest that resolves and connects with Go's own library.
 * Prints the table of what was tried.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import * as dgram from "node:dgram";
import * as net from "node:net";
import * as os from "node:os";
import type { BodyOf } from "../../../provider/contract/routes";
import { putGoGuest } from "../../support/goGuest";
import { freePort } from "../../support/freePorts";
import { LocalPlatform, eventually } from "../../support/localPlatform";

/** One line of the table: what a guest tried, and what came of it. */
interface Attempt {
  readonly from: string;
  readonly what: string;
  readonly outcome: string;
  readonly ms: number;
}

/** A guest with a published port. */
interface Guest {
  readonly name: string;
  readonly uuid: string;
  readonly port: number;
  readonly ip: string;
  readonly fqdn: string;
}

describe("the private network", function () {
  this.timeout(300_000);
  let platform: LocalPlatform;
  let web: Guest;
  let db: Guest;
  const table: Attempt[] = [];

  before(async () => {
    platform = await LocalPlatform.open();
    await putGoGuest({ guest: "prober", repository: "prober" });
    [web, db] = await Promise.all([create("web"), create("db")]);
  });
  after(async () => {
    const width = (key: "from" | "what"): number => Math.max(...table.map((row) => row[key].length));
    for (const { from, what, outcome, ms } of table)
      console.log(
        `      ${from.padEnd(width("from"))}  ${what.padEnd(width("what"))}  ${String(ms).padStart(5)} ms  ${outcome}`,
      );
    await platform.close();
  });

  const item = async (uuid: string) => (await platform.client.getInstances({ query: { uuid: [uuid] } })).items[0];

  async function create(name: string, more: Partial<BodyOf<"createInstance">> = {}): Promise<Guest> {
    const port = await freePort();
    const service_group = { services: [{ port, destination_port: 8080 }] };
    const { items } = await platform.client.createInstance(
      { body: { image: "prober", name, memory_mb: 192, autostart: true, timeout_s: 120, service_group, ...more } },
      { serverWaitMs: 120_000 },
    );
    assert.equal(items[0]?.status, "success", items[0]?.message);
    const uuid = items[0]?.uuid ?? "";
    const { private_ip: ip = "", private_fqdn: fqdn = "" } = (await item(uuid)) ?? {};
    return { name, uuid, port, ip, fqdn };
  }

  /** Asks a guest, and adds its answer to the table. */
  async function ask(
    guest: Guest,
    what: string,
    path: string,
    query: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const startedAt = performance.now();
    const url = `http://127.0.0.1:${guest.port}/${path}?${new URLSearchParams(query).toString()}`;
    const outcome = (await (await fetch(url, { headers: { connection: "close" } })).text()).trim();
    table.push({ from: guest.name, what, outcome, ms: Math.round(performance.now() - startedAt) });
    return outcome;
  }
  const probe = (guest: Guest, network: "tcp" | "udp", address: string, note = ""): Promise<string> =>
    ask(guest, `${network} ${address}${note}`, "probe", { network, address });
  const lookup = (guest: Guest, name: string): Promise<string> => ask(guest, `name ${name}`, "lookup", { name });

  it("gives each instance its own address, which its name resolves to everywhere", async () => {
    assert.notEqual(web.ip, db.ip);
    assert.equal(db.fqdn, "db.internal");
    for (const guest of [web, db]) {
      assert.equal(await lookup(guest, web.fqdn), `ok ${web.ip}`);
      assert.equal(await lookup(guest, db.fqdn), `ok ${db.ip}`);
    }
    assert.match(await lookup(web, "nobody.internal"), /no such host/);
  });

  it("connects every guest with every other on any port", async () => {
    for (const [from, to] of [
      [web, db],
      [db, web],
      [web, web],
    ] as const) {
      assert.equal(await probe(from, "tcp", `${to.fqdn}:9000`), `ok ${to.name}`);
      assert.equal(await probe(from, "udp", `${to.fqdn}:9000`), `ok ${to.name}`);
    }
    assert.match(await probe(web, "tcp", `${db.fqdn}:9001`), /connection refused/);
    assert.match(await probe(web, "tcp", "172.16.200.200:9000"), /^error /);
  });

  it("keeps guests from every address of this host", async () => {
    const reached: string[] = [];
    const server = net.createServer((socket) => (reached.push("tcp"), socket.end("the host\n"))).listen(0, "::");
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    const packets = dgram.createSocket("udp4", (_data, { address, port: to }) => {
      reached.push("udp");
      packets.send("the host\n", to, address);
    });
    await new Promise<void>((resolve) => packets.bind(port, resolve));
    try {
      const own = Object.values(os.networkInterfaces()).flatMap((entries = []) => entries);
      const addresses = new Set([
        "172.16.0.1",
        "172.16.0.2",
        "0.0.0.0",
        "169.254.169.254",
        ...own.map(({ address }) => address),
      ]);
      for (const address of [...addresses].filter((one) => one !== "127.0.0.1" && one !== "::1")) {
        const target = net.isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
        assert.match(await probe(web, "tcp", target), /^error /);
        assert.match(await probe(web, "udp", target), /^error /);
      }
      for (const target of ["[fec0::2]", "[fd00::2]", "[::ffff:172.16.0.1]"])
        assert.match(await probe(web, "tcp", `${target}:${port}`), /^error /);
      assert.match(await lookup(web, "host.internal"), /no such host/);
      assert.deepEqual(reached, []);
      const admin = await create("admin", { annotations: { "unikernel.local/host-access": "true" } });
      assert.equal(await probe(admin, "tcp", `host.internal:${port}`, " (allowed)"), "ok the host");
      await platform.client.deleteInstances({ body: [{ uuid: admin.uuid }] }, { serverWaitMs: 30_000 });
    } finally {
      server.close();
      packets.close();
    }
  });

  it("isolates networks from each other", async () => {
    const stranger = await create("stranger", { network_interfaces: [{ name: "eth0", tap_name: "dmz" }] });
    const [found] = (await item(stranger.uuid))?.network_interfaces ?? [];
    assert.deepEqual([found?.name, found?.tap_name, found?.private_ip], ["eth0", "dmz", stranger.ip]);
    for (const [from, to] of [
      [web, stranger],
      [stranger, web],
    ] as const) {
      assert.match(await lookup(from, to.fqdn), /no such host/);
      assert.match(await probe(from, "tcp", `${to.ip}:9000`, " (other network)"), /no route to host/);
      assert.match(await probe(from, "udp", `${to.ip}:9000`, " (other network)"), /^error /);
    }
    assert.equal(await probe(stranger, "tcp", `${stranger.fqdn}:9000`), `ok ${stranger.name}`);
    await platform.client.deleteInstances({ body: [{ uuid: stranger.uuid }] }, { serverWaitMs: 30_000 });
  });

  it("gives a guest several cards in their order, with addresses of its own, so that it can route between networks", async () => {
    const card = (tap_name: string, ip: string, more: object = {}) => ({ tap_name, ip, ...more });
    const at = (...network_interfaces: readonly object[]) =>
      ({ network_interfaces }) as Partial<BodyOf<"createInstance">>;
    const routes = ["10.2.0.0/24"];
    const [router, inner, outer] = await Promise.all([
      create("router", at(card("inner", "10.1.0.1/24"), card("outer", "10.2.0.1/24"))),
      create("inner", at(card("inner", "10.1.0.5/24", { gateway: "10.1.0.1", routes }))),
      create("outer", at(card("outer", "10.2.0.5/24", { gateway: "10.2.0.1" }))),
    ]);
    const reported = (await item(router.uuid))?.network_interfaces?.map((one) => [one.tap_name, one.private_ip]);
    assert.deepEqual(reported, [
      ["inner", "10.1.0.1"],
      ["outer", "10.2.0.1"],
    ]);
    assert.deepEqual([inner.ip, outer.ip], ["10.1.0.5", "10.2.0.5"]);
    assert.equal(await lookup(inner, "router.internal"), "ok 10.1.0.1");
    assert.equal(await lookup(outer, "router.internal"), "ok 10.2.0.1");
    assert.equal(await lookup(router, "outer.internal"), "ok 10.2.0.5");
    assert.match(await lookup(inner, "outer.internal"), /no such host/);
    for (const [from, to] of [
      [router, inner],
      [router, outer],
      [inner, router],
      [outer, router],
    ] as const)
      // prettier-ignore
      assert.equal(await probe(from, "tcp", `${to.fqdn}:9000`), `ok ${to.name}`);
    assert.match(await probe(inner, "udp", "10.2.0.5:9000", " (the router does not forward)"), /^error /);
    assert.equal(await ask(router, "forward", "forward"), "ok");
    assert.equal(await probe(inner, "tcp", "10.2.0.5:9000", " (through the router)"), "ok outer");
    assert.equal(await probe(outer, "udp", "10.1.0.5:9000", " (through the router)"), "ok inner");
    assert.match(await probe(inner, "tcp", `${web.ip}:9000`, " (default network)"), /^error /);
    const taken = create("taken", at(card("inner", "10.1.0.5/24")));
    await assert.rejects(
      taken,
      /Address 10\.1\.0\.5: the address is already in use in network 'inner', by instance 'inner'/,
    );
    const all = [router, inner, outer].map(({ uuid }) => ({ uuid }));
    await platform.client.deleteInstances({ body: all }, { serverWaitMs: 30_000 });
  });

  for (const asleep of ["memory kept", "memory on the disk", "booted anew"] as const) {
    it(`wakes an instance that another connects to (${asleep})`, async () => {
      const scale_to_zero = { policy: "on", cooldown_time_ms: 1000, stateful: asleep !== "booted anew" } as const;
      const sleeper = await create(`sleeper-${asleep.split(" ").at(-1)}`, { scale_to_zero });
      await eventually("it sleeps", async () => (await item(sleeper.uuid))?.state === "standby");
      const residentBytes = async () =>
        (await platform.client.getInstanceMetrics({ query: { uuid: [sleeper.uuid] } })).items[0]?.rss_bytes;
      if (asleep === "memory on the disk") await eventually("it is saved", async () => (await residentBytes()) === 0);
      assert.equal(await probe(web, "tcp", `${sleeper.fqdn}:9000`, ` (asleep, ${asleep})`), `ok ${sleeper.name}`);
      assert.equal(await probe(web, "tcp", `${sleeper.fqdn}:9000`), `ok ${sleeper.name}`);
      await platform.client.deleteInstances({ body: [{ uuid: sleeper.uuid }] }, { serverWaitMs: 30_000 });
    });
  }

  it("carries on, open connections included, after the daemon was killed", async () => {
    await ask(web, `watch ${db.fqdn}:9000`, "watch", { address: `${db.fqdn}:9000` });
    await eventually("the connection is in use", async () => /^ok [1-9]/.test(await ask(web, "watched", "watched")));
    const [machines, daemon] = [await platform.virtualMachines(), await platform.daemonPid()];
    assert.ok(daemon !== undefined);
    process.kill(daemon, "SIGKILL");
    await platform.client.getInstances({}); // starts the next daemon
    assert.notEqual(await platform.daemonPid(), daemon);
    assert.deepEqual(await platform.virtualMachines(), machines);
    const count = async (): Promise<number> => {
      const answer = await ask(web, "watched (daemon killed)", "watched");
      assert.match(answer, /^ok /);
      return Number(answer.slice("ok ".length));
    };
    const before = await count();
    await eventually("the connection carries data again", async () => (await count()) > before + 3);
    assert.equal(await probe(web, "tcp", `${db.fqdn}:9000`, " (daemon killed)"), `ok ${db.name}`);
    const again = [await item(web.uuid), await item(db.uuid)].map((one) => one?.private_ip);
    assert.deepEqual(again, [web.ip, db.ip]);
  });

  it("keeps an instance's address when it is stopped and started", async () => {
    const request = { body: [{ uuid: db.uuid }] };
    await platform.client.stopInstances(request, { serverWaitMs: 60_000 });
    await eventually("it has stopped", async () => (await item(db.uuid))?.state === "stopped");
    assert.match(await probe(web, "tcp", `${db.fqdn}:9000`, " (stopped)"), /^error /);
    await platform.client.startInstances(request, { serverWaitMs: 60_000 });
    await eventually("it runs", async () => (await item(db.uuid))?.state === "running");
    await eventually("it answers", async () => (await probe(web, "tcp", `${db.ip}:9000`, " (again)")) === "ok db");
  });
});
