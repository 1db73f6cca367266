/** Labels of an image in Debian's docker-registry, read by the provider process of a metro that has them from nowhere else. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { openLayout } from "../../../provider/image/oci/layout";
import { pushImage } from "../../../provider/image/registry/push";
import { type DockerRegistry, startDockerRegistry } from "../../support/dockerRegistry";
import { DynamicProcess, type LoggedMessage } from "../../support/dynamicProcess";
import { TestPlatform } from "../../support/testPlatform";
import { type TokenServer, startTokenServer } from "../../support/tokenServer";

type Json = Readonly<Record<string, unknown>>;

const PREFIX = "cloud.unikraft.v1.instances/scale_to_zero.";
const LABELS = { [`${PREFIX}policy`]: "idle", [`${PREFIX}stateful`]: "true", [`${PREFIX}cooldown_time_ms`]: "2000" };
const DEFAULTS = { scaleToZero: { policy: "idle", stateful: true, cooldownTimeMs: 2000 } };
const CREDENTIALS = Buffer.from("ann:s3cret-Value").toString("base64");

describe("labels in a registry with logins, for a metro that is reached by its URL", function () {
  this.timeout(60_000);
  let folder: string;
  let tokens: TokenServer;
  let registry: DockerRegistry;
  let platform: TestPlatform;
  let provider: DynamicProcess;
  let image: string;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "labels-"));
    process.env["DOCKER_CONFIG"] = folder;
    tokens = await startTokenServer({ passwords: { ann: "s3cret-Value" } });
    registry = await startDockerRegistry({ tokens });
    platform = await TestPlatform.open();
    await platform.start();
    await fs.writeFile(path.join(folder, "kernel"), "kernel");
    // The platform has the image under the name that the registry has it under.
    const layout = openLayout(platform.paths.imagesDir);
    const repository = `${registry.host}/acme/app`;
    const { digest } = await layout.putImage({
      repository,
      platform: { os: "qemu", architecture: "x86_64" },
      config: { cmd: ["/server"], env: {}, labels: LABELS },
      kernel: { file: path.join(folder, "kernel") },
    });
    image = `${repository}@${digest}`;
    const credentials = () => Promise.resolve({ type: "password" as const, username: "ann", password: "s3cret-Value" });
    await pushImage(layout, image, `${repository}:v1`, { credentials });
    const { url, token } = platform.daemon;
    provider = await DynamicProcess.start("Instance", { "unikernel:metro": url, "unikernel:token": token });
  });
  after(async () => {
    await provider.stop();
    await platform.close();
    await registry[Symbol.asyncDispose]();
    await tokens[Symbol.asyncDispose]();
    await fs.rm(folder, { recursive: true, force: true });
    delete process.env["DOCKER_CONFIG"];
  });

  /** Checks and creates an instance. Returns its state, its settings in the metro, and what was said meanwhile. */
  async function createInstance(name: string, others: Json, process: DynamicProcess = provider) {
    const said = process.logged.length;
    const serviceGroup = { ports: [{ port: 9000 + name.length, destinationPort: 8080 }] };
    const __urn = `urn:pulumi:dev::test::pulumi-nodejs:dynamic/unikernel:Instance::${name}`;
    const program = { __urn, name, image, serviceGroup, stableForMs: 0, ...others };
    const { inputs, failures } = await process.check({}, program);
    assert.deepEqual(failures, []);
    const { outs } = await process.create(inputs);
    const { items } = await platform.api("GET", `/v1/instances?name=${name}`);
    const { policy, stateful, cooldown_time_ms } = (items[0] as unknown as { scale_to_zero: Json }).scale_to_zero;
    const messages: readonly LoggedMessage[] = process.logged.slice(said);
    return { outs, settings: [policy, stateful, cooldown_time_ms], messages: messages.map((one) => one.message) };
  }

  it("are read with the credentials of the image, and no layer is", async () => {
    const before = (await registry.requests()).length;
    const { outs, settings } = await createInstance("a", { imagePull: { credentials: CREDENTIALS } });
    assert.deepEqual(settings, ["idle", true, 2000]);
    assert.deepEqual(outs["imageDefaults"], DEFAULTS);
    assert.equal(outs["scaleToZero"], undefined);
    const blobs = (await registry.requests()).slice(before).filter(({ path }) => path.includes("/blobs/"));
    assert.equal(blobs.filter(({ status }) => status === 200).length, 1, "the config");
  });

  it("are read with the login of Docker, by another process", async () => {
    const auths = { [registry.host]: { auth: CREDENTIALS } };
    await fs.writeFile(path.join(folder, "config.json"), JSON.stringify({ auths }));
    const next = await provider.next();
    try {
      const { settings, messages } = await createInstance("bb", { scaleToZero: { policy: "on" } }, next);
      assert.deepEqual(settings, ["on", true, 2000]);
      const label = `the image's label '${PREFIX}policy'`;
      assert.ok(
        messages.includes(`Instance 'bb': scaleToZero.policy 'on' overrides 'idle' from ${label}.`),
        messages.join("\n"),
      );
    } finally {
      await next.stop();
      await fs.rm(path.join(folder, "config.json"));
    }
  });

  it("are a warning, and no failure, without a login", async () => {
    const next = await provider.next();
    try {
      const { outs, settings, messages } = await createInstance("ccc", {}, next);
      assert.equal(settings[0], "off");
      assert.equal("imageDefaults" in outs, false);
      const warnings = messages.filter((message) => message.includes("labels"));
      assert.equal(warnings.length, 1, messages.join("\n"));
      assert.match(
        warnings[0] ?? "",
        /^Instance 'ccc': the labels of its image could not be read, so that scaleToZero gets no defaults from them until the image changes\. /,
      );
      assert.ok(!warnings.join("").includes(CREDENTIALS));
    } finally {
      await next.stop();
    }
  });
});
