/** Certificate resources on the local platform. */
import assert from "node:assert/strict";
import { UnikernelError } from "../../../provider/base/errors";
import { type ChainAndKey, makeCertificate } from "../../support/certificates";
import { freePort } from "../../support/freePorts";
import { ResourceDriver } from "../../support/resourceDriver";
import { TestPlatform } from "../../support/testPlatform";

const NAMES = ["shop.example.com", "www.example.com"];

describe("a certificate on the local platform", () => {
  let platform: TestPlatform;
  let certificates: ResourceDriver;
  let services: ResourceDriver;
  let shop: ChainAndKey;
  let renewed: ChainAndKey;
  before(async () => {
    [shop, renewed] = [makeCertificate("shop.example.com", NAMES), makeCertificate("shop.example.com", NAMES)];
    platform = await TestPlatform.open();
    await platform.start();
    certificates = new ResourceDriver(platform, "Certificate");
    services = new ResourceDriver(platform, "Service");
  });
  after(() => platform.close());

  const asked = (name: string, { chain, pkey }: ChainAndKey) => ({
    name,
    commonName: "shop.example.com",
    chain,
    key: pkey,
  });

  it("is uploaded, replaced in place, and shows drift when replaced by hand", async () => {
    const held = await certificates.create(asked("shop", shop));
    assert.equal(held.state["state"], "valid");
    assert.deepEqual(await certificates.drift(held), []);
    const after = await certificates.update(held, asked("shop", renewed));
    assert.notEqual(after.state["serialNumber"], held.state["serialNumber"]);
    assert.deepEqual(await certificates.drift(after), []);
    await platform.requestItem("PUT", "/v1/certificates", [{ uuid: held.id, ...shop }]);
    assert.deepEqual(await certificates.drift(after), ["chain"]);
    for (const id of ["shop", held.id.toUpperCase()]) assert.equal((await certificates.read(id))?.id, held.id);
    await certificates.delete(after);
    assert.equal(await certificates.drift(after), undefined);
  });

  it("serves a domain without drift and cannot be deleted before it", async () => {
    const held = await certificates.create(asked("front", shop));
    const ports = [{ port: await freePort(), handlers: ["tls"] }];
    const domains = [
      { name: "shop.example.com", certificate: held.id },
      { name: "www.example.com" },
      { name: "label" },
    ];
    const service = await services.create({ name: "front", ports, domains, replicas: 0 });
    assert.deepEqual(await services.drift(service), []);
    assert.deepEqual(service.state["fqdns"], ["shop.example.com", "www.example.com", "label.localhost"]);
    await assert.rejects(certificates.delete(held), (error) => {
      assert.ok(UnikernelError.has(error, "IN_USE"));
      assert.match(error.hint ?? "", /domains of service 'front' first/);
      return true;
    });
    const other = { name: "front", ports, domains: [{ name: "label" }], replicas: 0 };
    assert.deepEqual(await services.drift(await services.update(service, other)), []);
    await certificates.delete(held);
  });

  it("is rejected for a domain that it does not cover", async () => {
    const held = await certificates.create(asked("misfit", shop));
    const ports = [{ port: await freePort(), handlers: ["tls"] }];
    const domains = [{ name: "other.example.com", certificate: "misfit" }];
    await assert.rejects(services.create({ name: "misfit", ports, domains, replicas: 0 }), (error) => {
      assert.ok(UnikernelError.has(error, "CERTIFICATE_MISMATCH"), String(error));
      return error.property === "domains[0].certificate";
    });
    await certificates.delete(held);
  });

  it("is found through an older node by the older field for its domain", async () => {
    const older = await TestPlatform.open();
    await older.start({ strict2026: true });
    try {
      const there = new ResourceDriver(older, "Certificate");
      const held = await there.create(asked("shop", shop));
      assert.deepEqual(await there.drift(held), []);
      await there.delete(await there.update(held, asked("shop", renewed)));
    } finally {
      await older.close();
    }
  });
});
