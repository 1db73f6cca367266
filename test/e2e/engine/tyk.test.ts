/** examples/tyk with a small gateway in place of Tyk, and its image with files of every kind. */
import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { requireTool } from "../../support/builders";
import { type OperationResult, type Stack, assertSucceeded, changingSteps } from "../../support/engine";
import { httpGet } from "../../support/loadGenerator";
import { LocalPlatform, freePort } from "../../support/localPlatform";
import { TestProject } from "../../support/project";

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

const stepsOf = (result: OperationResult): readonly string[] =>
  changingSteps(result)
    .map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`)
    .sort();

describe("the Tyk example, with the real engine and a real builder", function () {
  this.timeout(300_000);
  let platform: LocalPlatform;
  let project: TestProject;
  let stack: Stack;
  let url: string;
  const page = async (name: string): Promise<string> => (await httpGet(`${url}${name}`)).body;
  const edit = async (from: string, to: string): Promise<void> => {
    const program = await fs.readFile(path.join(project.folder, "index.ts"), "utf8");
    assert.ok(program.includes(from), from);
    await project.write("index.ts", program.replace(from, to));
  };
  const writeVariables = (variables: Readonly<Record<string, string>>): Promise<void> =>
    project.write(
      ".env",
      Object.entries(variables)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
    );

  before(async () => {
    requireTool("buildah");
    process.env["UNIKERNEL_BUILDER"] = "buildah";
    platform = await LocalPlatform.open();
    project = await TestProject.copy("examples/tyk");
    for (const name of ["Dockerfile", "gateway.sh"])
      await fs.copyFile(path.join(FIXTURE, name), path.join(project.folder, "gateway", name));
    const example = await fs.readFile(path.join(project.folder, ".env.example"), "utf8");
    assert.deepEqual(example.match(/^\w+(?==$)/gm), Object.keys(VARIABLES));
    const port = await freePort();
    url = `http://127.0.0.1:${port}/`;
    await edit("port: 8080,", `port: ${port},`);
    await edit("replicas: 2", "replicas: 1");
    stack = project.stack({});
  });
  after(async () => {
    delete process.env["UNIKERNEL_BUILDER"];
    await project.remove();
    await platform.close();
  });

  it("fails at preview with the setting that is missing", async () => {
    const { TYK_SECRET: _, ...incomplete } = VARIABLES;
    await writeVariables(incomplete);
    assert.match((await stack.preview()).output, /INPUT_INVALID: tyk: secret: is missing/);
  });

  it("builds the image with files of every kind, starts gateways and waits until they are ready", async () => {
    await writeVariables(VARIABLES);
    await fs.writeFile(path.join(project.folder, "logo.png"), LOGO);
    await edit(
      "files: tyk.files,",
      `files: {
        ...tyk.files,
        "/opt/logo": new pulumi.asset.FileAsset("./logo.png"),
        "/etc/motd": new pulumi.asset.StringAsset("welcome"),
        "/etc/pin": { content: pulumi.secret("${PIN}"), mode: 0o400, uid: 12, gid: 34 },
        "/etc/token": pulumi.secret("${TOKEN}"),
      },`,
    );
    const { output } = assertSucceeded(await stack.up());
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
    const state = await project.readStoredState();
    for (const secret of ["tyk-secret-Value", "redis-password-Value", "mdcb-key-Value", `"${PIN}"`, TOKEN])
      for (const hidden of [secret, sha256(secret.replaceAll('"', ""))])
        assert.ok(!output.includes(hidden) && !state.includes(hidden), hidden);
  });

  it("changes nothing until a content changes, and then rolls it out", async () => {
    assert.deepEqual(stepsOf(assertSucceeded(await stack.up({ expectNoChanges: true }))), []);
    await fs.writeFile(path.join(project.folder, "logo.png"), "another logo");
    await edit(PIN, "0043");
    assert.deepEqual(stepsOf(assertSucceeded(await stack.up())), ["update gateway", "update gateway"]);
    assert.equal((await page("logo")).trim(), sha256("another logo"));
    assert.equal((await page("pin")).trim(), sha256("0043"));
  });

  it("rejects a path of the platform that the Dockerfile adds", async () => {
    await fs.appendFile(path.join(project.folder, "gateway/Dockerfile"), "COPY gateway.sh /unikernel/cmdline\n");
    const failed = await stack.up();
    assert.match(failed.output, /CONTEXT_INVALID: .*'\/unikernel\/cmdline', and paths below \/unikernel are reserved/);
    assert.equal((await page("pin")).trim(), sha256("0043"));
  });

  it("leaves nothing behind", async () => {
    assertSucceeded(await stack.destroy());
    assert.deepEqual(await platform.virtualMachines(), []);
  });
});
