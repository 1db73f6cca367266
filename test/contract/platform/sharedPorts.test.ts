/** Services that share a port, and the certificates that their clients receive, judged by curl, OpenSSL and Node. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { LocalCa } from "../../../provider/platform/certificates/localCa";
import type { PortMapping, ServiceProxy } from "../../../provider/platform/proxy/serviceProxy";
import { makeCertificate } from "../../support/certificates";
import { freePort } from "../../support/freePorts";
import { newPublicPorts, newServiceProxy } from "../../support/publishing";
import { TestPlatform } from "../../support/testPlatform";

const execFile = promisify(childProcess.execFile);

/** What a command prints on both outputs, whatever its exit code. */
function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  return new Promise((resolve) => {
    const child = childProcess.execFile(
      command,
      args,
      { env: { ...process.env, ...env }, timeout: 20_000 },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
    child.stdin?.end();
  });
}

describe("services that share a port with the handler tls", () => {
  let platform: TestPlatform;
  let port: number;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    port = await freePort();
  });
  afterEach(() => platform.close());

  const create = async (name: string, domains: object[], handlers = ["tls"]) => {
    const services = [{ port, destination_port: 80, handlers }];
    return platform.requestItem("POST", "/v1/services", { name, services, domains });
  };
  const createServed = async (name: string, domains: object[]) => {
    const made = await create(name, domains);
    assert.equal(made["status"], "success", made.message);
    await platform.createRunning({ name, service_group: { uuid: made.uuid } });
    return made.uuid;
  };
  const curl = (host: string, ...args: string[]) =>
    run("curl", ["-sS", "--cacert", platform.paths.caFile, `https://${host}:${port}/`, ...args]);
  const handshake = (servername: string, ...args: string[]) =>
    run("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", servername, ...args]);

  it("each answer for their own names, on IPv4 and IPv6, with certificates that curl and Node trust", async () => {
    await createServed("shop", [{ name: "shop" }]);
    await createServed("blog", [{ name: "blog" }, { name: "news" }]);
    for (const [host, name] of [
      ["shop.localhost", "shop"],
      ["blog.localhost", "blog"],
      ["news.localhost", "blog"],
    ] as const) {
      for (const address of ["127.0.0.1", "[::1]"])
        assert.equal(await curl(host, "--resolve", `${host}:${port}:${address}`), name, `${host} at ${address}`);
    }
    const program = `
      const agent = new (require("node:https").Agent)({ lookup: (_, o, done) => done(null, [{ address: "127.0.0.1", family: 4 }]) });
      require("node:https").get("https://shop.localhost:${port}", { agent }, (r) => r.pipe(process.stdout));`;
    assert.equal(await run(process.execPath, ["-e", program], { NODE_EXTRA_CA_CERTS: platform.paths.caFile }), "shop");
  });

  it("refuse the names of nobody, and addresses when several could be meant", async () => {
    const uuid = await createServed("shop", [{ name: "shop" }]);
    await createServed("blog", [{ name: "blog" }]);
    assert.match(await handshake("other.localhost"), /tlsv1 unrecognized name/);
    assert.match(
      await run("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, "-noservername"]),
      /tlsv1 unrecognized name/,
    );
    await platform.api("DELETE", "/v1/instances", [{ name: "shop" }]);
    await platform.api("DELETE", "/v1/services", [{ uuid }]);
    assert.match(await handshake("shop.localhost"), /tlsv1 unrecognized name/);
    assert.equal(await curl("127.0.0.1"), "blog"); // it is alone now
  });

  it("keep the names of a service after its domains have changed", async () => {
    const uuid = await createServed("shop", [{ name: "shop" }]);
    await createServed("blog", [{ name: "blog" }]);
    const patch = (op: string, value?: unknown) =>
      platform.requestItem("PATCH", "/v1/services", [{ uuid, prop: "domains", op, value }]);
    await patch("set", [{ name: "store" }]);
    assert.match(await handshake("shop.localhost"), /tlsv1 unrecognized name/);
    assert.equal(await curl("store.localhost", "--resolve", `store.localhost:${port}:127.0.0.1`), "shop");
    const refused = await patch("del");
    assert.equal(refused["error"], 24);
    assert.match(refused.message, /'shop': 'blog' publishes it, and 'shop' has no domain/);
  });

  it("are not mixed with plain TCP, and need domains", async () => {
    await create("shop", [{ name: "shop" }]);
    for (const [name, domains, handlers, why] of [
      ["raw", [{ name: "raw" }], [], /'raw': 'shop' publishes it, and only a port with the handler 'tls' or 'http'/],
      ["bare", [], ["tls"], /'bare': 'shop' publishes it, and 'bare' has no domain/],
    ] as const) {
      const made = await create(name, [...domains], [...handlers]);
      assert.equal(made["error"], 24);
      assert.match(made.message, why);
    }
  });

  it("serve uploaded RSA and elliptic certificates to every client that can use them", async () => {
    const keys = { rsa: ["rsa:2048"], ec: ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"] } as const;
    for (const [kind, key] of Object.entries(keys)) {
      const name = `${kind}.example.com`;
      await platform.api("POST", "/v1/certificates", {
        name: kind,
        common_name: name,
        ...makeCertificate(name, [], key),
      });
      await create(kind, [{ name: `${name}.`, certificate: { name: kind } }]);
    }
    await create("plain", [{ name: "plain" }]);
    const rsa = ["-sigalgs", "RSA-PSS+SHA256:RSA+SHA256"];
    const ec = ["-sigalgs", "ECDSA+SHA256"];
    for (const version of ["-tls1_2", "-tls1_3"]) {
      for (const sigalgs of [rsa, []])
        assert.match(await handshake("rsa.example.com", version, ...sigalgs), /subject=.*CN = rsa\.example\.com/);
      for (const sigalgs of [ec, []])
        assert.match(await handshake("ec.example.com", version, ...sigalgs), /subject=.*CN = ec\.example\.com/);
      // A client that cannot use the certificate gets none in its place.
      assert.match(await handshake("rsa.example.com", version, ...ec), /no peer certificate available/);
      assert.match(await handshake("ec.example.com", version, ...rsa), /no peer certificate available/);
    }
    const { stdout } = await execFile("openssl", ["version"]);
    assert.match(stdout, /^OpenSSL 3/);
  });
});

describe("services that share a port with the handler http", () => {
  let folder: string;
  let port: number;
  let proxies: ServiceProxy[];
  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-shared-"));
    port = await freePort();
    proxies = [];
  });
  afterEach(() => {
    for (const proxy of proxies) proxy.close();
    fs.rmSync(folder, { recursive: true });
  });

  /** Publishes `shop`, and a second service with this mode as `blog`. */
  async function publish(first: PortMapping["mode"], second: PortMapping["mode"]): Promise<void> {
    const ports = newPublicPorts();
    const ca = new LocalCa({ caKeyFile: path.join(folder, "ca-key.pem"), caFile: path.join(folder, "ca.pem") });
    for (const [name, mode] of [
      ["shop", first],
      ["blog", second],
    ] as const) {
      const proxy = newServiceProxy(ports);
      proxies.push(proxy);
      const names = { domains: [`${name}.localhost`], certificateFor: (asked?: string) => ca.certificateFor(asked) };
      await proxy.publish([{ port, destinationPort: 8443, isHttp: true, mode }], names);
    }
  }
  /** The status and location of a response, as curl reports them. */
  const status = (scheme: string, host: string, ...args: string[]) =>
    run("curl", [
      ...["-sk", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", "--resolve", `${host}:${port}:127.0.0.1`],
      ...[`${scheme}://${host}:${port}/x`, ...args],
    ]);

  it("are selected by the Host header; other names get 404", async () => {
    await publish("plain", "redirect");
    assert.equal(await status("http", "shop.localhost"), "503 "); // it has no instance
    assert.equal(await status("http", "blog.localhost"), "301 https://blog.localhost:8443/x");
    assert.equal(await status("http", "other.localhost"), "404 ");
    assert.equal(await status("http", "127.0.0.1"), "404 ");
  });

  it("respond with 421 over TLS to a request for another name than that of the connection", async () => {
    await publish("tls", "tls");
    assert.equal(await status("https", "shop.localhost"), "503 ");
    assert.equal(await status("https", "shop.localhost", "-H", "Host: blog.localhost"), "421 ");
    assert.equal(await status("https", "127.0.0.1", "-H", "Host: blog.localhost"), "503 "); // it sends no server name
    assert.equal(await status("https", "127.0.0.1"), "421 ");
  });
});
