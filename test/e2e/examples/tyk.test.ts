/** examples/tyk with a small gateway in place of Tyk, and its image with files of every kind. */
import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { requireTool } from "../../support/builders";
import { ExampleProject } from "../../support/exampleProject";
import { httpGet } from "../../support/loadGenerator";
import { freePort } from "../../support/freePorts";

const VARIABLES: Readonly<Record<string, string>> = {
  TYK_SECRET: "tyk-secret-Value",
  REDIS_HOST: "redis.internal",
  REDIS_PASSWORD: "redis-password-Value",
  MDCB_URL: "mdcb.example.com:443",
  MDCB_KEY: "mdcb-key-Value",
  TYK_ORGANISATION: "5e9d9544a1dcd60001d0ed20",
};
const PIN = "0042";
const TOKEN = "token-Value";
const sha256 = (content: string | Buffer): string => crypto.createHash("sha256").update(content).digest("hex");

const FIXTURE = path.resolve(__dirname, "../../fixtures/projects/tykGateway");
const LOGO = Buffer.from("89504e470d0a1a0a00ff", "hex");

const environmentFile = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");

describe("examples: tyk", function () {
  this.timeout(300_000);
  let example: ExampleProject;
  let url: string;
  const page = async (name: string): Promise<string> => (await httpGet(`${url}${name}`)).body;

  before(async () => {
    requireTool("buildah");
    const port = await freePort();
    url = `http://127.0.0.1:${port}/`;
    example = await ExampleProject.open("tyk", {
      edits: [
        ["index.ts", "port: 8080,", `port: ${port},`],
        ["index.ts", "replicas: 2", "replicas: 1"],
      ],
      environment: { UNIKERNEL_BUILDER: "buildah" },
      ports: [port],
    });
    const { folder } = example.project;
    for (const name of ["Dockerfile", "gateway.sh"])
      await fs.copyFile(path.join(FIXTURE, name), path.join(folder, "gateway", name));
    const names = await fs.readFile(path.join(folder, ".env.example"), "utf8");
    assert.deepEqual(names.match(/^\w+(?==$)/gm), Object.keys(VARIABLES));
  });
  after(() => example.close());

  it("fails at preview with the setting that is missing", async () => {
    const { TYK_SECRET: _, ...incomplete } = VARIABLES;
    await example.apply({ files: { ".env": environmentFile(incomplete) } });
    await example.previewFails(/INPUT_INVALID: tyk: secret: is missing/);
  });

  it("builds the image with files of every kind, starts gateways and waits until they are ready", async () => {
    await fs.writeFile(path.join(example.project.folder, "logo.png"), LOGO);
    await example.apply({
      edits: [
        [
          "index.ts",
          "files: tyk.files,",
          `files: {
            ...tyk.files,
            "/opt/logo": new pulumi.asset.FileAsset("./logo.png"),
            "/etc/motd": new pulumi.asset.StringAsset("welcome"),
            "/etc/pin": { content: pulumi.secret("${PIN}"), mode: 0o400, uid: 12, gid: 34 },
            "/etc/token": pulumi.secret("${TOKEN}"),
          },`,
        ],
      ],
      files: { ".env": environmentFile(VARIABLES) },
    });
    const { output } = await example.up();
    assert.match(await page("ready"), /"description":"Tyk GW Ready"/);
    assert.equal((JSON.parse(await page("conf")) as { listen_port: number }).listen_port, 8080);
    assert.deepEqual((await page("variables")).trimEnd().split("\n"), [
      `TYK_GW_NODESECRET ${sha256("tyk-secret-Value")}`,
      `TYK_GW_SECRET ${sha256("tyk-secret-Value")}`,
      `TYK_GW_SLAVEOPTIONS_APIKEY ${sha256("mdcb-key-Value")}`,
      `TYK_GW_SLAVEOPTIONS_CONNECTIONSTRING ${sha256("mdcb.example.com:443")}`,
      `TYK_GW_SLAVEOPTIONS_GROUPID ${sha256("tyk-test")}`,
      `TYK_GW_SLAVEOPTIONS_RPCKEY ${sha256("5e9d9544a1dcd60001d0ed20")}`,
      `TYK_GW_STORAGE_HOST ${sha256("redis.internal")}`,
      `TYK_GW_STORAGE_PASSWORD ${sha256("redis-password-Value")}`,
    ]);
    assert.equal((await page("logo")).trim(), sha256(LOGO));
    assert.equal((await page("pin")).trim(), sha256(PIN));
    const files = await page("files");
    assert.match(files, /^-r--{7} +1 12 +34 +4 .* pin$/m);
    assert.match(files, /^-rw-r--r-- +1 0 +0 +7 .* motd$/m);
    const state = await example.project.readStoredState();
    for (const secret of ["tyk-secret-Value", "redis-password-Value", "mdcb-key-Value", `"${PIN}"`, TOKEN])
      for (const hidden of [secret, sha256(secret.replaceAll('"', ""))])
        assert.ok(!output.includes(hidden) && !state.includes(hidden), hidden);
  });

  it("changes nothing until a content changes, and then rolls it out", async () => {
    await example.secondUpIsEmpty();
    await example.change({ edits: [["index.ts", PIN, "0043"]], files: { "logo.png": "another logo" } }, [
      "update GatewayImage gateway",
      "update Service gateway",
    ]);
    assert.equal((await page("logo")).trim(), sha256("another logo"));
    assert.equal((await page("pin")).trim(), sha256("0043"));
  });

  it("shows no drift", () => example.refreshFindsNothing());

  it("rejects a path of the platform that the Dockerfile adds", async () => {
    const dockerfile = path.join(example.project.folder, "gateway/Dockerfile");
    await fs.appendFile(dockerfile, "COPY gateway.sh /unikernel/cmdline\n");
    const failed = await example.stack.up();
    assert.match(failed.output, /CONTEXT_INVALID: .*'\/unikernel\/cmdline', and paths below \/unikernel are reserved/);
    assert.equal((await page("pin")).trim(), sha256("0043"));
  });

  it("is destroyed completely", () => example.destroyLeavesNothing());
});
