import assert from "node:assert/strict";
import { check } from "../../../../provider/definition/check";
import { fromWirePorts, toWirePort, serviceUrl } from "../../../../provider/resources/service/ports";
import { service } from "../../../../provider/resources/service/resource";
import { UNKNOWN } from "../../../../provider/definition/unknowns";

const template = { image: `gateway@sha256:${"a".repeat(64)}` };
const reasons = async (more: Record<string, unknown>) =>
  (await check(service, {}, { ports: [{ port: 8080 }], template, ...more })).failures.map(
    (f) => `${f.property}: ${f.reason}`,
  );

describe("the rules of published ports", () => {
  // Source: the platform's table of handlers.
  const allowed = [
    { port: 80, handlers: ["http"] },
    { port: 80, destinationPort: 443, handlers: ["http", "redirect"] },
    { port: 443, destinationPort: 8080, handlers: ["tls", "http"] },
    { port: 8443, handlers: ["tls"] },
    { port: 5432 },
    { port: 80, protocol: "udp" },
    { port: 53, protocol: "udp", ip: "203.0.113.7" },
  ];
  for (const port of allowed)
    it(`accept the port ${JSON.stringify(port)}`, async () => assert.deepEqual(await reasons({ ports: [port] }), []));

  const rejected: [object, RegExp][] = [
    [{ port: 80 }, /ports\[0\]\.handlers: port 80 needs the handler "http"/],
    [{ port: 80, handlers: ["http", "tls"] }, /cannot have the handler "tls"/],
    [{ port: 443, handlers: ["tls"] }, /443 needs the handlers "http" and "tls"/],
    [{ port: 8080, handlers: ["http"] }, /8080 cannot have the handler "http"/],
    [{ port: 8443, handlers: ["tls", "redirect"] }, /"redirect" is for port 80 only/],
    [{ port: 80, handlers: ["http", "redirect"] }, /destinationPort: a redirect needs the public port/],
    [{ port: 0 }, /ports\[0\]\.port: must be at least 1, got 0/],
    [{ port: 65536 }, /must be at most 65535, got 65536/],
    [{ port: 8080, handlers: ["tsl"] }, /Did you mean "tls"\?/],
    [
      { port: 80, destinationPort: 80, handlers: ["http", "redirect"] },
      /a redirect needs the public port .* such as 443/,
    ],
    [{ port: 53, protocol: "udp", handlers: ["tls"] }, /ports\[0\]\.handlers: protocol "udp" takes no handlers/],
    [{ port: 53, ip: "203.0.113.7" }, /ports\[0\]\.ip: an address can be chosen for protocol "udp" only/],
    [{ port: 53, protocol: "udp", ip: "here" }, /ports\[0\]\.ip: must be an IP address, got "here"/],
    [{ port: 53, protocol: "sctp" }, /ports\[0\]\.protocol: must be one of "tcp", "udp", got "sctp"/],
  ];
  for (const [port, text] of rejected) {
    it(`reject the port ${JSON.stringify(port)}`, async () => {
      const found = await reasons({ ports: [port] });
      assert.ok(
        found.some((reason) => text.test(reason)),
        found.join("\n"),
      );
    });
  }

  it("reject a port that is published twice", async () => {
    assert.deepEqual(await reasons({ ports: [{ port: 9000 }, { port: 9000 }] }), [
      "ports[1].port: port 9000 is published twice; list each port once.",
    ]);
    assert.deepEqual(await reasons({ ports: [{ port: 53 }, { port: 53, protocol: "udp" }] }), []);
  });

  it("are not applied while a port is unknown", async () =>
    assert.deepEqual(await reasons({ ports: [{ port: UNKNOWN }, { port: 80, handlers: [UNKNOWN] }] }), []));
});

describe("the rules of replicas", () => {
  it("reject several writers of one volume and accept several readers", async () => {
    const volumes = [{ volume: "v", at: "/data" }];
    const [only] = await reasons({ replicas: 3, template: { ...template, volumes } });
    assert.match(only ?? "", /^template\.volumes: 3 replicas cannot all write/);
    assert.deepEqual(
      await reasons({ replicas: 3, template: { ...template, volumes: [{ ...volumes[0], readonly: true }] } }),
      [],
    );
  });

  it("accept several writers of a volume that supports them", async () => {
    const volumes = [{ volume: "v", at: "/data" }];
    const rollout = { sharedVolumes: true };
    assert.deepEqual(await reasons({ replicas: 3, template: { ...template, volumes }, rollout }), []);
  });

  it("reject a rollout that could never replace a replica", async () => {
    assert.match((await reasons({ rollout: { maxSurge: 0 } }))[0] ?? "", /cannot both be 0/);
  });
});

describe("ports on the wire", () => {
  const tcp = { protocol: "tcp" as const, handlers: [] };

  it("omit server defaults", () => {
    assert.deepEqual(toWirePort({ ...tcp, port: 80, destinationPort: 80 }), { port: 80 });
    assert.deepEqual(toWirePort({ ...tcp, port: 443, destinationPort: 8080, handlers: ["tls", "http"] }), {
      port: 443,
      destination_port: 8080,
      handlers: ["tls", "http"],
    });
    assert.deepEqual(toWirePort({ port: 53, handlers: [], protocol: "udp", ip: "203.0.113.7" }), {
      port: 53,
      protocol: "udp",
      ip: "203.0.113.7",
    });
  });

  it("show no drift for defaults, order and assigned addresses, and drift for a changed port", () => {
    const written = [
      { ...tcp, port: 443, destinationPort: 8080, handlers: ["tls" as const, "http" as const] },
      { ...tcp, port: 9000 },
      { ...tcp, port: 9000, protocol: "udp" as const },
    ];
    const reported = [
      { port: 9000, protocol: "udp" as const, ip: "203.0.113.7" },
      { port: 9000, destination_port: 9000, protocol: "tcp" as const, ip: "203.0.113.8" },
      { port: 443, destination_port: 8080, handlers: ["http", "tls"] },
    ];
    assert.deepEqual(fromWirePorts(reported, written), written);
    assert.deepEqual(fromWirePorts([{ port: 9000, destination_port: 1 }], written), [
      { ...tcp, port: 9000, destinationPort: 1 },
    ]);
  });

  it("are read as a program would write them", () => {
    const reported = [{ port: 8080, destination_port: 8080, handlers: null, protocol: "tcp" as const }];
    assert.deepEqual(fromWirePorts(reported, []), [{ ...tcp, port: 8080 }]);
  });

  const redirect = { ...tcp, port: 80, destinationPort: 443, handlers: ["http" as const, "redirect" as const] };
  const secure = { ...tcp, port: 443, handlers: ["tls" as const, "http" as const] };

  it("give the URL that a client would try first", () => {
    assert.equal(serviceUrl(["a.b"], [redirect, secure], []), "https://a.b");
    assert.equal(serviceUrl(["*.b", "a.b"], [{ ...tcp, port: 8080 }], []), "http://a.b:8080");
    assert.equal(serviceUrl(["a.b"], [{ ...tcp, port: 53, protocol: "udp" }], []), "");
    assert.equal(serviceUrl(["*.b"], [secure], []), "");
  });

  it("give a URL with the name that selects the service where services share the port, else with the address", () => {
    assert.equal(serviceUrl(["a.localhost"], [redirect, secure], []), "https://a.localhost");
    assert.equal(
      serviceUrl(["a.localhost"], [{ ...tcp, port: 9000, handlers: ["tls"] }], []),
      "https://a.localhost:9000",
    );
    assert.equal(serviceUrl(["a.localhost"], [{ ...tcp, port: 8080 }], []), "http://127.0.0.1:8080");
  });

  it("give a URL with the port of the machine, where that is another one", () => {
    const reported = [
      { port: 80, host_port: 8080 },
      { port: 443, host_port: 8443 },
    ];
    assert.equal(serviceUrl(["a.localhost"], [redirect, secure], reported), "https://a.localhost:8443");
    assert.equal(
      serviceUrl(["a.localhost"], [{ ...tcp, port: 80, handlers: ["http"] }], reported),
      "http://a.localhost:8080",
    );
    assert.equal(serviceUrl(["a.localhost"], [secure], [{ port: 443 }]), "https://a.localhost");
  });
});
