/** Which port of this machine a published port is opened on. The sockets are stand-ins that fail as the system would. */
import assert from "node:assert/strict";
import * as net from "node:net";
import { openListeners } from "../../../../provider/platform/proxy/listener";
import { PublicPorts } from "../../../../provider/platform/proxy/ports/publicPorts";
import { ConnectionBudget, connectionCountsFor } from "../../../../provider/platform/proxy/ports/connectionBudget";
import { ANY_NAME } from "../../../support/publishing";

const failure = (code: string): Error => Object.assign(new Error(code), { code });

/** Opens ports on a machine whose user may listen from 1024 on. `used` has the taken ports, such as `8443` or `[::1]:8443`. */
function machine(used: readonly string[] = [], otherErrors: Readonly<Record<string, string>> = {}) {
  const opened: string[] = [];
  const listen = (host: string, port: number): Promise<net.Server> => {
    const address = net.isIPv6(host) ? `[${host}]:${port}` : String(port);
    const code = otherErrors[address] ?? (port < 1024 ? "EACCES" : used.includes(address) ? "EADDRINUSE" : undefined);
    if (code !== undefined) return Promise.reject(failure(code));
    opened.push(address);
    return Promise.resolve(net.createServer());
  };
  return { opened, open: (port: number) => openListeners(port, () => undefined, listen) };
}

describe("opening a published port", () => {
  it("takes 8443 for 443 and 8080 for 80 where this user may not listen on them", async () => {
    const { opened, open } = machine();
    assert.deepEqual(
      [(await open(443)).hostPort, (await open(80)).hostPort, (await open(9000)).hostPort],
      [8443, 8080, 9000],
    );
    assert.deepEqual(opened, ["8443", "[::1]:8443", "8080", "[::1]:8080", "9000", "[::1]:9000"]);
  });

  it("says which ports are in the way if the other one is used too, on either address", async () => {
    const taken = {
      itemCode: "NoFree",
      message:
        "Port 443 needs a privilege that this user lacks, and port 8443, which stands in for it, is already in use; free port 8443, publish another port, or lower net.ipv4.ip_unprivileged_port_start",
    };
    await assert.rejects(machine(["8443"]).open(443), taken);
    await assert.rejects(machine(["[::1]:8443"]).open(443), taken);
  });

  it("has no other port for any other number, or for one that another program uses", async () => {
    const message =
      "Port 81 needs a privilege that this user lacks; use a port from 1024 up, or lower net.ipv4.ip_unprivileged_port_start";
    await assert.rejects(machine().open(81), { message });
    const used = machine([], { 443: "EADDRINUSE" });
    await assert.rejects(used.open(443), { message: "Port 443 is already in use by another program" });
    assert.deepEqual(used.opened, []);
  });

  it("listens on IPv4 alone on a machine without IPv6", async () => {
    const { opened, open } = machine([], { "[::1]:8443": "EADDRNOTAVAIL" });
    assert.equal((await open(443)).servers.length, 1);
    assert.deepEqual(opened, ["8443"]);
  });
});

describe("published ports", () => {
  const publish = (ports: PublicPorts, owner: object, numbers: readonly number[]) => {
    const route = { ...ANY_NAME, protocol: "https" as const, onConnection: () => undefined };
    return ports.publish(owner, new Map(numbers.map((number) => [number, route])), () => undefined);
  };
  const newPorts = (): PublicPorts =>
    new PublicPorts(new ConnectionBudget(connectionCountsFor(1024)), (port) => machine().open(port));

  it("know where they are open, for all services on them", async () => {
    const ports = newPorts();
    await publish(ports, { name: "a" }, [443]);
    await publish(ports, { name: "b" }, [443, 9000]);
    assert.deepEqual(
      [443, 9000, 80].map((port) => ports.hostPortOf(port)),
      [8443, 9000, 80],
    );
  });

  it("are refused where they stand in for another one, until that is withdrawn", async () => {
    const ports = newPorts();
    const owner = {};
    await publish(ports, owner, [443]);
    await assert.rejects(publish(ports, {}, [8443]), {
      message: "Port 8443 stands in for port 443, on which this user may not listen; use another port",
    });
    ports.withdraw(owner);
    await publish(ports, {}, [8443]);
    assert.equal(ports.hostPortOf(443), 443);
  });
});
