/** A service that terminates TLS with an uploaded certificate, which is renewed while it serves. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as https from "node:https";
import * as path from "node:path";
import { type OperationResult, type Stack, changingSteps, assertSucceeded } from "../../support/engine";
import { type ChainAndKey, makeCertificate } from "../../support/certificates";
import { freePort } from "../../support/freePorts";
import { LocalPlatform } from "../../support/localPlatform";
import { TestProject } from "../../support/project";
import { httpGet } from "../../support/loadGenerator";

const DOMAIN = "shop.example.com";

const opsOf = (result: OperationResult): readonly string[] =>
  changingSteps(result)
    .map(({ op, name }) => `${op} ${name}`)
    .sort();

/** The contents of all files below a folder. */
async function textsIn(folder: string): Promise<readonly string[]> {
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  return Promise.all(files.map((file) => fs.readFile(file, "latin1")));
}

describe("a service with an uploaded certificate", function () {
  this.timeout(300_000);
  const materials = [makeCertificate(DOMAIN, [DOMAIN]), makeCertificate(DOMAIN, [DOMAIN])] as const;
  const [first, renewed] = materials;
  let platform: LocalPlatform;
  let project: TestProject;
  let stack: Stack;
  let port: number;
  /** Everything that the engine printed. */
  let printed = "";

  /** Sends a request as a client that trusts only this certificate. */
  const getTrusting = ({ chain }: ChainAndKey) =>
    new Promise<string>((resolve, reject) => {
      const options = { host: "127.0.0.1", port, servername: DOMAIN, ca: chain, agent: false, timeout: 60_000 };
      const request = https.get(options, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.on("end", () => resolve(`${response.statusCode ?? 0} ${body}`));
        response.on("error", reject);
      });
      request.on("timeout", () => request.destroy(new Error("no answer within 60 s")));
      request.on("error", reject);
    });

  const provide = async ({ chain, pkey }: ChainAndKey): Promise<void> => {
    await project.write("chain.pem", chain);
    await project.write("key.pem", pkey);
  };
  async function ran(result: Promise<OperationResult>): Promise<OperationResult> {
    const { output } = await result;
    printed += output;
    return assertSucceeded(await result);
  }

  before(async () => {
    platform = await LocalPlatform.open();
    project = await TestProject.copy("test/fixtures/projects/badInput");
    stack = project.stack({});
    port = await freePort();
    await provide(first);
    await project.write(
      "index.ts",
      `import { readFileSync } from "node:fs";
        import * as unikernel from "pulumi-unikernel";
        const image = new unikernel.GatewayImage("image", { context: "./image" });
        const certificate = new unikernel.Certificate("certificate", {
          commonName: "${DOMAIN}",
          chain: readFileSync("chain.pem", "utf8"),
          key: readFileSync("key.pem", "utf8"),
        });
        const shop = new unikernel.Service("shop", {
          ports: [{ port: ${port}, destinationPort: 8080, handlers: ["tls"] }],
          domains: [{ name: "${DOMAIN}", certificate: certificate.id }],
          template: { image: image.ref, memoryMb: 96 },
        });
        export const fqdns = shop.fqdns;
        export const serialNumber = certificate.serialNumber;
      `,
    );
  });
  after(async () => {
    await project.remove();
    await platform.close();
  });

  it("responds over HTTPS with it on any port", async () => {
    const { outputs } = await ran(stack.up());
    assert.deepEqual(outputs["fqdns"], [DOMAIN]);
    assert.equal(await getTrusting(first), "200 served\n");
    await assert.rejects(getTrusting(renewed), "the client does check the certificate");
    await assert.rejects(httpGet(`http://127.0.0.1:${port}/`), "nothing is served in clear");
  });

  it("gets a renewed certificate in place without an update of the service", async () => {
    const machines = await platform.virtualMachines();
    await provide(renewed);
    const result = await ran(stack.up());
    assert.deepEqual(opsOf(result), ["update certificate"]);
    assert.match(result.output, /Certificate 'certificate': the update will upload the new chain and key\./);
    assert.equal(await getTrusting(renewed), "200 served\n");
    await assert.rejects(getTrusting(first));
    assert.deepEqual(await platform.virtualMachines(), machines);
  });

  it("shows no drift", async () => {
    assert.deepEqual(opsOf(await ran(stack.refresh({ expectNoChanges: true }))), []);
  });

  it("stores and prints no key in clear text", async () => {
    const texts = [...(await textsIn(path.join(project.folder, ".pulumi"))), printed];
    assert.ok(
      texts.some((text) => text.includes("unikernel:Certificate")),
      "the state is among it",
    );
    for (const { pkey } of materials) {
      for (const line of pkey.split("\n").filter((text) => text !== "" && !text.startsWith("-----"))) {
        assert.ok(!texts.some((text) => text.includes(line)));
      }
    }
  });

  it("is destroyed completely", async () => {
    await ran(stack.destroy());
    await platform.assertNothingLeft([port]);
  });
});
