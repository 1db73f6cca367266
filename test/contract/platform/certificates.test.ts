/** Certificates: what can be uploaded, where it serves, and that a key is never returned. */
import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import * as tls from "node:tls";
import { type ChainAndKey, makeCertificate } from "../../support/certificates";
import { freePort } from "../../support/freePorts";
import { TestPlatform, webGuest } from "../../support/testPlatform";

describe("certificates", () => {
  let platform: TestPlatform;
  let shop: ChainAndKey;
  before(() => (shop = makeCertificate("shop.example.com", ["shop.example.com", "www.example.com"])));
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(() => platform.close());

  const create = (body: Record<string, unknown>) => platform.requestItem("POST", "/v1/certificates", body);
  const read = async (uuid: string) => await platform.requestItem("GET", `/v1/certificates?uuid=${uuid}`);
  const service = async (domains: object[], extra: object = {}) =>
    platform.requestItem("POST", "/v1/services", { services: [{ port: await freePort(), ...extra }], domains });

  it("are valid at once and show the fields of the certificate", async () => {
    const made = await create({ common_name: "shop.example.com", ...shop });
    assert.equal(made["status"], "success");
    assert.match(made.name, /^shop\.example\.com-[a-z0-9]{5}$/);
    const item = await read(made.uuid);
    const facts = new crypto.X509Certificate(shop.chain);
    assert.equal(item["state"], "valid");
    assert.equal(item["common_name"], "shop.example.com");
    assert.match(String(item["subject"]), /O=Test.*CN=shop\.example\.com/);
    assert.equal(item["subject"], item["issuer"]);
    assert.equal(String(item["serial_number"]).toUpperCase(), facts.serialNumber);
    for (const [key, text] of [
      ["not_before", facts.validFrom],
      ["not_after", facts.validTo],
    ] as const) {
      assert.match(String(item[key]), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      assert.equal(Date.parse(String(item[key])), Date.parse(text));
    }
    assert.deepEqual(item["service_groups"], []);
  });

  it("are named after the common name without its wildcard, also in the older field", async () => {
    const made = await create({ cn: "*.Example.com.", ...makeCertificate("*.example.com") });
    assert.match(made.name, /^example\.com-[a-z0-9]{5}$/);
    assert.equal(made["common_name"], "*.example.com");
  });

  it("are found by any of their names", async () => {
    assert.equal((await create({ common_name: "www.example.com", ...shop }))["status"], "success");
  });

  const refused: [what: string, body: () => Record<string, unknown>, code: number, message: RegExp][] = [
    ["two common names", () => ({ common_name: "shop.example.com", cn: "shop.example.com", ...shop }), 17, /not both/],
    ["no common name", () => ({ ...shop }), 7, /'common_name' is missing/],
    ["an invalid common name", () => ({ common_name: "a b", ...shop }), 7, /must be a domain name/],
    ["a chain without a certificate", () => ({ common_name: "a.example", chain: "x", pkey: shop.pkey }), 7, /'chain'/],
    [
      "a corrupt chain",
      () => ({
        common_name: "shop.example.com",
        chain: shop.chain + shop.chain.replace("MII", "AAA"),
        pkey: shop.pkey,
      }),
      7,
      /certificate number 2/,
    ],
    ["an invalid key", () => ({ common_name: "shop.example.com", chain: shop.chain, pkey: "SECRET" }), 7, /'pkey'/],
    [
      "a key with a passphrase",
      () => ({
        common_name: "shop.example.com",
        chain: shop.chain,
        pkey: crypto
          .createPrivateKey(shop.pkey)
          .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }),
      }),
      7,
      /passphrase/,
    ],
    [
      "the key of another certificate",
      () => ({ common_name: "shop.example.com", chain: shop.chain, pkey: makeCertificate("other.example.com").pkey }),
      7,
      /does not match the first certificate/,
    ],
    [
      "a key that is too small for TLS",
      () => ({ common_name: "weak.example.com", ...makeCertificate("weak.example.com", [], ["rsa:512"]) }),
      7,
      /cannot be used for TLS \(ee key too small\)/,
    ],
    [
      "a certificate for other names",
      () => ({ common_name: "other.example.com", ...shop }),
      30,
      /'shop\.example\.com'/,
    ],
  ];
  for (const [what, body, code, message] of refused) {
    it(`reject a create and quote neither chain nor key: ${what}`, async () => {
      const sent = body();
      const item = await create(sent);
      assert.equal(item["error"], code);
      assert.match(item.message, message);
      const secret = String(sent["pkey"]).split("\n")[1] ?? "SECRET";
      assert.equal(JSON.stringify(item).includes(secret), false);
      assert.deepEqual((await platform.api("GET", "/v1/certificates")).items, []);
    });
  }

  it("reject a name that is taken", async () => {
    await create({ name: "mine", common_name: "shop.example.com", ...shop });
    const item = await create({ name: "mine", common_name: "shop.example.com", ...shop });
    assert.equal(item["error"], 23);
  });

  it("keep chain and key out of every response and log, and the database private", async () => {
    const made = await create({ name: "mine", common_name: "shop.example.com", ...shop });
    const renewed = makeCertificate("shop.example.com");
    const replies = [
      made,
      await read(made.uuid),
      await platform.requestItem("PUT", "/v1/certificates", [{ uuid: made.uuid, ...renewed }]),
      await platform.requestItem("PUT", "/v1/certificates", [{ name: "nobody", ...renewed }]),
      await service([{ name: "shop.example.com.", certificate: { name: "mine" } }]),
      await platform.requestItem("DELETE", "/v1/certificates", [{ name: "mine" }]),
    ];
    const said = JSON.stringify(replies) + (await fs.readFile(platform.paths.logFile, "utf8"));
    for (const { chain, pkey } of [shop, renewed]) {
      for (const secret of [chain, pkey]) assert.equal(said.includes(secret.split("\n")[1] ?? ""), false);
    }
    assert.equal((await fs.stat(platform.paths.databaseFile)).mode & 0o777, 0o600);
  });

  it("survive a daemon restart", async () => {
    const { uuid } = await create({ common_name: "shop.example.com", ...shop });
    const before = await read(uuid);
    platform.daemon.simulateKill();
    await platform.start();
    assert.deepEqual(await read(uuid), before);
  });

  it("match domains that are whole names and that they cover", async () => {
    const { uuid } = await create({ name: "mine", common_name: "shop.example.com", ...shop });
    const certificate = { name: "mine" };
    assert.equal((await service([{ name: "shop", certificate }]))["error"], 7);
    assert.equal((await service([{ name: "other.example.com.", certificate }]))["error"], 30);
    assert.equal((await service([{ name: "shop.example.com.", certificate: { name: "nobody" } }]))["error"], 8);
    assert.deepEqual((await platform.api("GET", "/v1/services")).items, []);

    const good = await service([{ name: "shop.example.com.", certificate: { uuid } }, { name: "plain" }]);
    assert.deepEqual(good["domains"], [
      { fqdn: "shop.example.com", certificate: { uuid, name: "mine", state: "valid" } },
      { fqdn: "plain.localhost" },
    ]);
    assert.deepEqual((await read(uuid))["service_groups"], [{ uuid: good.uuid, name: good.name }]);
    const instance = await platform.requestItem("POST", "/v1/instances", {
      image: "app:1",
      service_group: { uuid: good.uuid },
    });
    assert.deepEqual((await platform.instance(instance.uuid))["service_group"], {
      uuid: good.uuid,
      name: good.name,
      domains: good["domains"],
    });
  });

  it("are found for a whole name that asks for none, and required by a wildcard", async () => {
    assert.equal((await service([{ name: "*.example.org." }]))["error"], 7);
    const { uuid } = await create({ common_name: "*.example.org", ...makeCertificate("*.example.org") });
    const names = async (name: string) => {
      const [domain] = (await service([{ name }]))["domains"] as { certificate?: { uuid: string } }[];
      return domain?.certificate?.uuid;
    };
    assert.equal(await names("*.example.org."), uuid);
    assert.equal(await names("a.example.org."), uuid);
    assert.equal(await names("a.b.example.org."), undefined);
  });

  it("change with the domains that are added, updated and removed", async () => {
    const { uuid } = await create({ name: "mine", common_name: "shop.example.com", ...shop });
    const made = await service([{ name: "plain" }]);
    const patch = (op: string, value?: unknown) =>
      platform.requestItem("PATCH", "/v1/services", [{ uuid: made.uuid, prop: "domains", op, value }]);
    const name = "shop.example.com.";
    assert.equal((await patch("add", [{ name, certificate: { name: "nobody" } }]))["error"], 8);
    const added = await patch("add", [{ name, certificate: { uuid } }]);
    assert.equal((added["domains"] as object[]).length, 2);
    assert.equal((await platform.requestItem("DELETE", "/v1/certificates", [{ uuid }]))["error"], 15);
    assert.deepEqual((await patch("del", [{ name }]))["domains"], [{ fqdn: "plain.localhost" }]);
    assert.deepEqual((await patch("del"))["domains"], []);
    assert.equal((await platform.requestItem("DELETE", "/v1/certificates", [{ uuid }]))["status"], "success");
    assert.equal((await platform.requestItem("DELETE", "/v1/certificates", [{ uuid }]))["error"], 8);
  });

  it("are rejected as a replacement if they cover another name", async () => {
    const { uuid } = await create({ common_name: "shop.example.com", ...shop });
    const before = await read(uuid);
    const put = (material: ChainAndKey) => platform.requestItem("PUT", "/v1/certificates", [{ uuid, ...material }]);
    assert.equal((await put(makeCertificate("other.example.com")))["error"], 30);
    assert.equal((await put({ ...shop, pkey: makeCertificate("shop.example.com").pkey }))["error"], 7);
    assert.deepEqual(await read(uuid), before);
    const renewed = await put(makeCertificate("shop.example.com"));
    assert.notEqual(renewed["serial_number"], before["serial_number"]);
  });

  describe("on a port with the tls handler", () => {
    let port: number;
    const secured = async (domains: object[]): Promise<string> => {
      port = await freePort();
      const services = [{ port, destination_port: 80, handlers: ["tls"] }];
      const made = await platform.requestItem("POST", "/v1/services", { services, domains });
      assert.equal(made["status"], "success", made.message);
      await platform.createRunning({ name: "web", service_group: { uuid: made.uuid } });
      return made.uuid;
    };
    /** What a client receives that trusts `ca`, or any certificate. */
    const visit = (servername: string, ca?: string): Promise<{ text: string; certificate: tls.PeerCertificate }> =>
      new Promise((resolve, reject) => {
        const trust = ca === undefined ? { rejectUnauthorized: false } : { ca };
        const socket = tls.connect({ port, host: "127.0.0.1", servername, ...trust });
        let text = "";
        socket.on("secureConnect", () => socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
        const certificate = (): tls.PeerCertificate => socket.getPeerCertificate();
        let seen: tls.PeerCertificate | undefined;
        socket.on("secureConnect", () => (seen = certificate()));
        socket.on("error", reject);
        socket.on("close", () => (seen === undefined ? undefined : resolve({ text, certificate: seen })));
      });

    it("serve the domain's own certificate and forward the decrypted bytes to the instance", async () => {
      await create({ name: "mine", common_name: "shop.example.com", ...shop });
      await secured([{ name: "shop.example.com.", certificate: { name: "mine" } }]);
      const { text } = await visit("shop.example.com", shop.chain); // fails unless exactly this certificate is presented
      assert.match(text, /^HTTP\/1\.1 200[^]*web$/);
    });

    it("serve a renewed certificate to the next client", async () => {
      await create({ name: "mine", common_name: "shop.example.com", ...shop });
      await secured([{ name: "shop.example.com.", certificate: { name: "mine" } }]);
      const renewed = makeCertificate("shop.example.com");
      await platform.requestItem("PUT", "/v1/certificates", [{ name: "mine", ...renewed }]);
      await visit("shop.example.com", renewed.chain);
      await assert.rejects(visit("shop.example.com", shop.chain));
    });

    it("are created for domains that have none, including new ones", async () => {
      const uuid = await secured([{ name: "shop" }]);
      assert.match((await visit("shop.localhost")).certificate.subjectaltname ?? "", /DNS:shop\.localhost/);
      await platform.api("PATCH", "/v1/services", [{ uuid, prop: "domains", op: "add", value: [{ name: "more" }] }]);
      const { text, certificate } = await visit("more.localhost");
      assert.match(certificate.subjectaltname ?? "", /DNS:more\.localhost/);
      assert.match(text, /web$/);
    });

    it("serve again after the daemon is killed", async () => {
      await create({ name: "mine", common_name: "shop.example.com", ...shop });
      await secured([{ name: "shop.example.com.", certificate: { name: "mine" } }]);
      platform.daemon.simulateKill();
      await platform.start();
      assert.match((await visit("shop.example.com", shop.chain)).text, /web$/);
    });

    it("forward megabytes and a half-closed connection in both directions", async () => {
      platform.guests.set("web", {
        ...webGuest("web"),
        serve: (socket) => {
          socket.allowHalfOpen = true;
          let length = 0;
          socket.on("data", (chunk: Buffer) => (length += chunk.length));
          socket.on("end", () => socket.end(`${length};${"x".repeat(2_000_000)}`));
        },
      });
      await secured([{ name: "shop" }]);
      const raw = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true }); // the same must then hold for TLS
      const socket = tls.connect({ socket: raw, rejectUnauthorized: false });
      let text = "";
      socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
      socket.end(Buffer.alloc(3_000_000));
      await new Promise((resolve) => socket.once("end", resolve));
      assert.ok(text.startsWith("3000000;"));
      assert.equal(text.length, 2_000_008);
    });
  });
});
