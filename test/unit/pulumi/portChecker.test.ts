import assert from "node:assert/strict";
import { deriveName } from "../../../provider/definition/naming";
import type { Properties } from "../../../provider/definition/resource";
import { UNKNOWN } from "../../../provider/definition/unknowns";
import { PortChecker, type PortResource, publishedPorts } from "../../../provider/pulumi/portChecker";
import type { PortHolder, PortState } from "../../../provider/resources/service/portHolders";

const HASH = "0123456789abcdef";

/** A service that is new unless `olds` is given. */
const service = (resourceName: string, ports: readonly unknown[], more: Partial<PortResource> = {}): PortResource => ({
  label: `Service '${resourceName}'`,
  urn: `urn of ${resourceName}`,
  name: deriveName(resourceName, HASH),
  derivedFrom: { resourceName, resourceHash: HASH },
  olds: {},
  news: { ports: ports.map((port) => ({ port })) },
  ...more,
});
const holder = (name: string, ports: readonly number[], instances: readonly string[] = []): PortHolder => ({
  service: name,
  instances,
  ports: ports.map((port) => ({ port, isShared: port === 443 })),
});

/** A checker, and what it asked. */
function checking(holders: readonly PortHolder[] | Error = [], states: Readonly<Record<number, PortState>> = {}) {
  const asked: string[] = [];
  const said: string[] = [];
  const lookup = {
    list: () => {
      asked.push("list");
      return holders instanceof Error ? Promise.reject(holders) : Promise.resolve(holders);
    },
    probe: (port: number) => {
      asked.push(`probe ${port}`);
      return Promise.resolve(states[port] ?? "free");
    },
  };
  const checker = new PortChecker(lookup, (sentences) => void said.push(...sentences));
  return { asked, said, check: (resource: PortResource) => checker.check(resource) };
}

describe("the check of published ports", () => {
  it("reads the ports of services and of instances with their paths, and skips unknown ones and UDP", () => {
    const tcp = { port: 80, protocol: "tcp" };
    const shared = { port: 8443, handlers: ["tls"] };
    assert.deepEqual(publishedPorts({ ports: [shared] }), [{ property: "ports[0].port", port: 8443, isShared: true }]);
    assert.deepEqual(publishedPorts({ ports: [tcp, { port: 53, protocol: "udp" }, { port: UNKNOWN }, UNKNOWN] }), [
      { property: "ports[0].port", port: 80, isShared: false },
    ]);
    assert.deepEqual(publishedPorts({ serviceGroup: { ports: [{ port: 1 }, { port: 2 }] } }), [
      { property: "serviceGroup.ports[0].port", port: 1, isShared: false },
      { property: "serviceGroup.ports[1].port", port: 2, isShared: false },
    ]);
    for (const inputs of [{}, { ports: UNKNOWN }, { serviceGroup: UNKNOWN }, { serviceGroup: { ports: UNKNOWN } }]) {
      assert.deepEqual(publishedPorts(inputs as Properties), []);
    }
  });

  it("accepts a port that several services can share, also where another one holds it", async () => {
    const secure = { news: { ports: [{ port: 443, handlers: ["http", "tls"] }] } };
    const { asked, check } = checking([holder("other", [443])], { 443: "used" });
    assert.deepEqual(await check(service("a", [], secure)), []);
    assert.deepEqual(await check(service("b", [], secure)), []);
    assert.deepEqual(asked, ["list"]);
    assert.match((await check(service("c", [443])))[0] ?? "", /publishes port 443 too/);
  });

  it("accepts free ports, and lists the services once", async () => {
    const { asked, check } = checking([holder("other", [9])]);
    assert.deepEqual(await check(service("a", [1, 2])), []);
    assert.deepEqual(await check(service("b", [3])), []);
    assert.deepEqual(asked, ["list", "probe 1", "probe 2", "probe 3"]);
  });

  it("looks nothing up for ports that a resource has already", async () => {
    const { asked, check } = checking();
    const { news } = service("a", [1, 2]);
    assert.deepEqual(await check(service("a", [2, 1], { olds: news })), []);
    assert.deepEqual(asked, []);
    assert.deepEqual(await check(service("a", [1, 3], { olds: news })), []);
    assert.deepEqual(asked, ["list", "probe 3"]);
  });

  it("rejects a port of another resource of the program, also of an unchanged one", async () => {
    const { asked, check } = checking();
    const first = service("a", [1]);
    await check({ ...first, olds: first.news });
    assert.deepEqual(await check(service("b", [7, 1])), [
      "IN_USE: ports[1].port: Service 'a' of this program publishes port 1 too. Publish another port in one of them.",
    ]);
    assert.deepEqual(await check(first), [
      "IN_USE: ports[0].port: Service 'b' of this program publishes port 1 too. Publish another port in one of them.",
    ]);
    assert.deepEqual(asked, ["list", "probe 7"]);
  });

  it("rejects a port of a service in the metro, which it does not probe", async () => {
    const { asked, check } = checking([holder("theirs", [1, 2])]);
    assert.deepEqual(await check(service("a", [2])), [
      "IN_USE: ports[0].port: service 'theirs' of the local platform publishes port 2. Publish another port, or delete that service first.",
    ]);
    assert.deepEqual(asked, ["list"]);
  });

  it("rejects a port that another program uses, or that this user may not open", async () => {
    const { check } = checking([], { 1: "used", 81: "denied" });
    assert.deepEqual(await check(service("a", [1, 81])), [
      "IN_USE: ports[0].port: another program on this machine listens on port 1. Publish another port, or stop the program that uses it.",
      "IN_USE: ports[1].port: this user may not listen on port 81. Publish a port from 1024 up, or lower net.ipv4.ip_unprivileged_port_start.",
    ]);
  });

  const shared = (resourceName: string, ...ports: readonly number[]) =>
    service(resourceName, [], { news: { ports: ports.map((port) => ({ port, handlers: ["tls", "http"] })) } });
  const STANDS_IN = "port 8443 stands in for port 443, on which this user may not listen.";

  it("says which port stands in for one that this user may not open, for each resource", async () => {
    const { said, check } = checking([], { 443: "denied", 80: "denied" });
    assert.deepEqual(await check(shared("a", 443)), []);
    assert.deepEqual(await check(shared("b", 80, 443)), []);
    assert.deepEqual(said.toSorted(), [
      `Service 'a': ${STANDS_IN} Its URL has that port.`,
      "Service 'b': port 8080 stands in for port 80, on which this user may not listen. Its URL has that port.",
      `Service 'b': ${STANDS_IN} Its URL has that port.`,
    ]);
  });

  it("rejects a port whose stand-in is in use: by a program, a service, or this program", async () => {
    const failure =
      "IN_USE: ports[0].port: this user may not listen on port 443, and port 8443, which stands in for it, is in use. Free port 8443, publish another port, or lower net.ipv4.ip_unprivileged_port_start.";
    const denied = { 443: "denied", 8443: "used" } as const;
    assert.deepEqual(await checking([], denied).check(shared("a", 443)), [failure]);
    assert.deepEqual(await checking([holder("other", [8443])], { 443: "denied" }).check(shared("a", 443)), [failure]);
    const { check, said } = checking([], { 443: "denied" });
    assert.deepEqual(await check(service("first", [8443])), []);
    assert.deepEqual(await check(shared("a", 443)), [failure]);
    assert.deepEqual(await checking([], { 443: "denied" }).check(shared("both", 443, 8443)), [failure]);
    assert.deepEqual(said, []);
  });

  it("rejects a port that stands in for another one, in the plan or on the platform", async () => {
    const failure = `IN_USE: ports[0].port: ${STANDS_IN} Publish another port, or lower net.ipv4.ip_unprivileged_port_start to 443.`;
    const planned = checking([], { 443: "denied" });
    await planned.check(shared("a", 443));
    assert.deepEqual(await planned.check(service("b", [8443])), [failure]);
    const running = { service: "web", instances: [], ports: [{ port: 443, isShared: true, hostPort: 8443 }] };
    assert.deepEqual(await checking([running]).check(service("b", [8443])), [failure]);
    const joining = checking([running]);
    assert.deepEqual(await joining.check(shared("c", 443)), []);
    assert.deepEqual(joining.said, [`Service 'c': ${STANDS_IN} Its URL has that port.`]);
  });

  it("accepts the predecessor of a replacement, by its fixed or derived name", async () => {
    const fixed = { name: "web", derivedFrom: undefined };
    assert.deepEqual(await checking([holder("web", [1])]).check(service("a", [1], fixed)), []);
    for (const ordinal of [1, 2, 10, 999]) {
      const { check } = checking([holder(deriveName("a", HASH, ordinal), [1])]);
      assert.deepEqual(await check(service("a", [1], { name: deriveName("a", HASH, 3) })), [], String(ordinal));
    }
    const instance = { news: { serviceGroup: { ports: [{ port: 1 }] } } };
    const group = holder("chosen-by-the-metro", [1], [deriveName("a", HASH)]);
    assert.deepEqual(await checking([group]).check(service("a", [], { ...instance, name: "a-next" })), []);
    const alike = checking([holder(`${deriveName("a", HASH)}-blue`, [1])]);
    assert.equal((await alike.check(service("a", [1]))).length, 1);
  });

  it("accepts a port that the plan takes from another resource of the program", async () => {
    const moving = service("a", [1]);
    const { check } = checking([holder(String(moving.name), [1])]);
    assert.deepEqual(await check({ ...moving, olds: moving.news, news: { ports: [{ port: 2 }] } }), []);
    assert.deepEqual(await check(service("b", [1])), []);
  });

  it("fails no check if the platform does not respond", async () => {
    const { asked, check } = checking(new Error("gone"));
    assert.deepEqual(await check(service("a", [1])), []);
    assert.deepEqual(await check(service("b", [2])), []);
    assert.deepEqual(asked, ["list", "probe 1", "probe 2"]);
  });
});
