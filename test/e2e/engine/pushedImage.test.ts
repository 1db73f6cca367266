/** One program on this machine and in a stand-in cloud: a second platform, reached as a metro, and a registry with logins. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { localPaths } from "../../../provider/base/localPaths";
import { createRegistryClient } from "../../../provider/image/registry/api/client";
import { type Daemon, startDaemon } from "../../../provider/platform/daemon";
import { PulledImages } from "../../../provider/platform/pulledImages";
import { QemuVmm } from "../../../provider/platform/vmm/qemu/qemu";
import { type DockerRegistry, startDockerRegistry, uploadedBlobs } from "../../support/dockerRegistry";
import { type Stack, assertSucceeded, changingSteps } from "../../support/engine";
import { httpGet } from "../../support/loadGenerator";
import { LocalPlatform, freePort } from "../../support/localPlatform";
import { TestProject } from "../../support/project";
import { type TokenServer, startTokenServer } from "../../support/tokenServer";

const PASSWORD = "s3cret-Value";
const PROGRAM = `
import * as pulumi from "@pulumi/pulumi";
import * as unikernel from "pulumi-unikernel";
const config = new pulumi.Config();
const image = new unikernel.GatewayImage("site", {
  context: "./site",
  repository: config.require("repository"),
  registryCredentials: { username: "ann", password: config.requireSecret("password") },
});
new unikernel.Service("web", {
  ports: [{ port: config.requireNumber("port"), destinationPort: 8080 }],
  template: { image: image.ref, memoryMb: 128 },
});
export const ref = image.ref;
`;

/** A place where the program runs. */
interface Place {
  readonly project: TestProject;
  readonly stack: Stack;
  readonly url: string;
}

describe("one program on this machine and in a stand-in cloud", function () {
  this.timeout(300_000);
  let folder: string;
  let tokens: TokenServer;
  let registry: DockerRegistry;
  let cloud: Daemon;
  let platform: LocalPlatform;
  let laptop: Place;
  let metro: Place;
  let repository: string;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "stand-in-cloud-"));
    tokens = await startTokenServer({ passwords: { ann: PASSWORD } });
    registry = await startDockerRegistry({ tokens });
    repository = `${registry.host}/team/site`;
    process.env["UNIKERNEL_STATE_DIR"] = path.join(folder, "state");
    process.env["DOCKER_CONFIG"] = folder;
    const auth = Buffer.from(`ann:${PASSWORD}`).toString("base64");
    await fs.writeFile(path.join(folder, "config.json"), JSON.stringify({ auths: { [registry.host]: { auth } } }));
    const paths = localPaths();
    const pulledImages = new PulledImages(paths.pulledImagesDir);
    const daemon = await startDaemon({ paths, vmm: new QemuVmm(paths), pulledImages, stay: true });
    assert.ok(daemon !== undefined);
    cloud = daemon;
    platform = await LocalPlatform.open();
    laptop = await createPlace({});
    metro = await createPlace({ "unikernel:metro": cloud.url, "unikernel:token": { secret: cloud.token } });
  });
  after(async () => {
    await laptop.project.remove();
    await metro.project.remove();
    await platform.close();
    await cloud.close();
    await registry[Symbol.asyncDispose]();
    await tokens[Symbol.asyncDispose]();
    await fs.rm(folder, { recursive: true, force: true });
    delete process.env["DOCKER_CONFIG"];
  });

  async function createPlace(settings: Parameters<TestProject["stack"]>[0]): Promise<Place> {
    const project = await TestProject.copy("examples/quickstart");
    await project.write("index.ts", PROGRAM);
    const port = await freePort();
    // Only the metro's own login pulls: the provider has the program's.
    const environment = { DOCKER_CONFIG: undefined };
    const config = { "site:repository": repository, "site:password": { secret: PASSWORD }, "site:port": String(port) };
    await project.write("Pulumi.yaml", "name: site\nruntime: nodejs\n");
    await writePage(project, "first");
    return { project, stack: project.stack({ ...config, ...settings }, environment), url: `http://127.0.0.1:${port}/` };
  }

  const writePage = (project: TestProject, text: string): Promise<void> =>
    project.write("site/rootfs/www/index.html", text);
  const logLength = async (): Promise<number> => (await registry.requests()).length;
  const writesSince = async (from: number): Promise<readonly string[]> =>
    (await registry.requests())
      .slice(from)
      .filter(({ method }) => method !== "GET" && method !== "HEAD")
      .map((one) => `${one.method} ${one.path}`);

  /** Digests of the config, the kernel and the root file system of an image in the registry. */
  async function blobsOf(ref: unknown): Promise<{ config: string; kernel: string; rootfs: string }> {
    const credentials = () => Promise.resolve({ type: "password" as const, username: "ann", password: PASSWORD });
    const client = createRegistryClient({ registry: registry.host, credentials });
    const fetchJson = async (digest = "") =>
      JSON.parse((await client.fetchManifest("team/site", digest)).bytes.toString("utf8")) as Record<
        "manifests" | "layers",
        { digest: string }[]
      > & { config: { digest: string } };
    const index = await fetchJson(String(ref).split("@")[1]);
    const { config, layers } = await fetchJson(index.manifests[0]?.digest);
    return { config: config.digest, kernel: layers[0]?.digest ?? "", rootfs: layers[1]?.digest ?? "" };
  }

  let ref: unknown;

  it("is pushed by the first place that has it", async () => {
    ({ ref } = assertSucceeded(await laptop.stack.up()).outputs);
    assert.match(String(ref), new RegExp(`^${repository}@sha256:[0-9a-f]{64}$`));
    assert.deepEqual(await httpGet(laptop.url), { status: 200, body: "first" });
    const { config, kernel, rootfs } = await blobsOf(ref);
    assert.deepEqual([...uploadedBlobs(await registry.requests())].sort(), [config, kernel, rootfs].sort());
    assert.ok(!(await laptop.project.readStoredState()).includes(PASSWORD));
  });

  it("runs in the cloud with the same digest, and is not pushed again", async () => {
    const from = await logLength();
    const { outputs, output } = assertSucceeded(await metro.stack.up());
    assert.equal(outputs["ref"], ref);
    assert.deepEqual(await httpGet(metro.url), { status: 200, body: "first" });
    assert.deepEqual(await writesSince(from), []);
    assert.ok(!output.includes(PASSWORD));
  });

  it("changes nothing in a second up", async () => {
    const results = await Promise.all([laptop.stack.up(), metro.stack.up()]);
    for (const result of results) assert.deepEqual(changingSteps(assertSucceeded(result)), []);
  });

  it("sends only the root file system and the config if only a file changes", async () => {
    const from = await logLength();
    await writePage(metro.project, "second");
    const { outputs } = assertSucceeded(await metro.stack.up());
    assert.notEqual(outputs["ref"], ref);
    assert.deepEqual(await httpGet(metro.url), { status: 200, body: "second" });
    const [old, changed] = [await blobsOf(ref), await blobsOf(outputs["ref"])];
    assert.equal(changed.kernel, old.kernel);
    const uploaded = uploadedBlobs((await registry.requests()).slice(from));
    assert.deepEqual([...uploaded].sort(), [changed.config, changed.rootfs].sort());
  });

  it("leaves its images in the registry when it is destroyed, and nothing on this machine", async () => {
    const results = await Promise.all([laptop.stack.destroy(), metro.stack.destroy()]);
    for (const result of results) assertSucceeded(result);
    assert.ok((await blobsOf(ref)).kernel !== "");
    await platform.assertNothingLeft();
  });
});
