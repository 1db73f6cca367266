/**
 * One program in several places: on this machine, and in a stand-in cloud, which is a second platform, reached as a metro. Their registry has
 * logins, and only the program knows them.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { localPaths } from "../../../provider/base/localPaths";
import { openLayout } from "../../../provider/image/oci/layout";
import { createRegistryClient } from "../../../provider/image/registry/api/client";
import { type Daemon, startDaemon } from "../../../provider/platform/daemon";
import { PulledImages } from "../../../provider/platform/pulledImages";
import { QemuVmm } from "../../../provider/platform/vmm/qemu/qemu";
import { requireTool } from "../../support/builders";
import { type DockerRegistry, startDockerRegistry, uploadedBlobs } from "../../support/dockerRegistry";
import { type Stack, assertSucceeded, changingSteps } from "../../support/engine";
import { httpGet } from "../../support/loadGenerator";
import { freePort } from "../../support/freePorts";
import { LocalPlatform } from "../../support/localPlatform";
import { TestProject } from "../../support/project";
import { type TokenServer, startTokenServer } from "../../support/tokenServer";

const [PASSWORD, OTHER_PASSWORD] = ["s3cret-Value", "s3cret-Other"];
const PROGRAM = `
import * as pulumi from "@pulumi/pulumi";
import * as unikernel from "pulumi-unikernel";
const config = new pulumi.Config();
const image = new unikernel.GatewayImage("site", {
  context: "./site",
  repository: config.get("repository"),
  registryCredentials: { username: config.require("user"), password: config.requireSecret("password") },
});
const web = new unikernel.Service("web", {
  ports: [{ port: config.requireNumber("port"), destinationPort: 8080 }],
  template: { image, memoryMb: 128 },
});
export const ref = image.ref;
export const replicas = web.instances.apply((all) => all.map(({ uuid }) => uuid));
`;
const KRAFTFILE = "spec: v0.6\nruntime: linux:latest\nrootfs: ./Dockerfile\n";
/** `FROM scratch` and the runtime's busybox: nothing is downloaded. */
const DOCKERFILE = `FROM scratch
COPY www/ /www/
CMD ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]
`;

/** A place where the program runs. */
interface Place {
  readonly project: TestProject;
  readonly stack: Stack;
  /** The same stack with other settings. */
  readonly with: (settings: Parameters<TestProject["stack"]>[0]) => Stack;
  readonly url: string;
}

describe("one program on this machine and in a stand-in cloud", function () {
  this.timeout(600_000);
  let folder: string;
  let tokens: TokenServer;
  let registry: DockerRegistry;
  let cloud: Daemon;
  let platform: LocalPlatform;
  let laptop: Place;
  let metro: Place;
  let repository: string;
  const others: Place[] = [];
  const pathBefore = process.env["PATH"];

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "stand-in-cloud-"));
    await countBuilds();
    tokens = await startTokenServer({ passwords: { ann: PASSWORD, ben: OTHER_PASSWORD } });
    registry = await startDockerRegistry({ tokens });
    repository = `${registry.host}/team/site`;
    process.env["UNIKERNEL_STATE_DIR"] = path.join(folder, "state");
    process.env["DOCKER_CONFIG"] = folder;
    await fs.writeFile(path.join(folder, "config.json"), "{}"); // without one, buildah fails
    const paths = localPaths();
    const pulledImages = new PulledImages(paths.pulledImagesDir);
    const daemon = await startDaemon({ paths, vmm: new QemuVmm(paths), pulledImages, stay: true });
    assert.ok(daemon !== undefined);
    cloud = daemon;
    platform = await LocalPlatform.open();
    laptop = await createPlace({ "site:repository": repository });
    metro = await createPlace({ "site:repository": repository, ...cloudSettings() });
  });
  after(async () => {
    for (const { project } of [laptop, metro, ...others]) await project.remove();
    await platform.close();
    await cloud.close();
    await registry[Symbol.asyncDispose]();
    await tokens[Symbol.asyncDispose]();
    await fs.rm(folder, { recursive: true, force: true });
    delete process.env["DOCKER_CONFIG"];
    delete process.env["UNIKERNEL_BUILDER"];
    process.env["PATH"] = pathBefore;
  });

  /** Puts a buildah on PATH that notes its commands and runs the real one. */
  async function countBuilds(): Promise<void> {
    const wrapper = `#!/bin/sh\necho "$*" >> '${folder}/builds'\nexec '${requireTool("buildah")}' "$@"\n`;
    await fs.mkdir(path.join(folder, "bin"));
    await fs.writeFile(path.join(folder, "bin/buildah"), wrapper, { mode: 0o755 });
    process.env["PATH"] = `${path.join(folder, "bin")}:${pathBefore}`;
    process.env["UNIKERNEL_BUILDER"] = "buildah";
  }

  async function buildCount(): Promise<number> {
    const lines = (await fs.readFile(path.join(folder, "builds"), "utf8")).split("\n");
    return lines.filter((line) => /(?:^| )build /.test(line) && !line.endsWith(" --help")).length;
  }

  const cloudSettings = () => ({ "unikernel:metro": cloud.url, "unikernel:token": { secret: cloud.token } });

  async function createPlace(settings: Parameters<TestProject["stack"]>[0]): Promise<Place> {
    const project = await TestProject.copy("examples/quickstart");
    await project.write("index.ts", PROGRAM);
    const port = await freePort();
    const config = { "site:user": "ann", "site:password": { secret: PASSWORD }, "site:port": String(port) };
    await project.write("Pulumi.yaml", "name: site\nruntime: nodejs\n");
    await project.write("site/Kraftfile", KRAFTFILE);
    await project.write("site/Dockerfile", DOCKERFILE);
    await writePage(project, "first");
    const stack = (more: typeof settings = {}) => project.stack({ ...config, ...settings, ...more });
    return { project, stack: stack(), with: stack, url: `http://127.0.0.1:${port}/` };
  }

  const writePage = (project: TestProject, text: string): Promise<void> => project.write("site/www/index.html", text);
  const logLength = async (): Promise<number> => (await registry.requests()).length;
  const writesSince = async (from: number): Promise<readonly string[]> =>
    (await registry.requests())
      .slice(from)
      .filter(({ method }) => method !== "GET" && method !== "HEAD")
      .map((one) => `${one.method} ${one.path}`);

  interface Blobs {
    /** One for QEMU and one for nodes of a cluster. */
    readonly configs: readonly string[];
    readonly kernel: string;
    readonly rootfs: string;
    /** How urunc boots it. */
    readonly description: string;
  }

  /** Digests of the blobs of an image in the registry. */
  async function blobsOf(ref: unknown): Promise<Blobs> {
    const credentials = () => Promise.resolve({ type: "password" as const, username: "ann", password: PASSWORD });
    const client = createRegistryClient({ registry: registry.host, credentials });
    const fetchJson = async (digest = "") =>
      JSON.parse((await client.fetchManifest("team/site", digest)).bytes.toString("utf8")) as Record<
        "manifests" | "layers",
        { digest: string }[]
      > & { config: { digest: string } };
    const index = await fetchJson(String(ref).split("@")[1]);
    const manifests = await Promise.all(index.manifests.map(({ digest }) => fetchJson(digest)));
    const [kernel = "", rootfs = "", description = ""] = manifests[1]?.layers.map(({ digest }) => digest) ?? [];
    assert.deepEqual(
      manifests[0]?.layers.map(({ digest }) => digest),
      [kernel, rootfs],
    );
    return { configs: manifests.map(({ config }) => config.digest), kernel, rootfs, description };
  }

  let ref: unknown;

  it("is pushed by the first place that has it", async () => {
    ({ ref } = assertSucceeded(await laptop.stack.up()).outputs);
    assert.match(String(ref), new RegExp(`^${repository}@sha256:[0-9a-f]{64}$`));
    assert.deepEqual(await httpGet(laptop.url), { status: 200, body: "first" });
    const { configs, kernel, rootfs, description } = await blobsOf(ref);
    const all = [...configs, kernel, rootfs, description];
    assert.deepEqual([...uploadedBlobs(await registry.requests())].sort(), all.sort());
    assert.equal(await buildCount(), 1);
    await assertSecret(laptop.project, PASSWORD);
  });

  /** The state has neither the password nor the form in which it is sent. */
  async function assertSecret(project: TestProject, password: string): Promise<void> {
    const state = await project.readStoredState();
    assert.match(state, /"registryCredentials"/);
    for (const text of [password, Buffer.from(`ann:${password}`).toString("base64")]) assert.ok(!state.includes(text));
  }

  it("runs in the cloud with the same digest, pulled with the image's login, and is neither built nor pushed again", async () => {
    const from = await logLength();
    const { outputs, output } = assertSucceeded(await metro.stack.up());
    assert.equal(outputs["ref"], ref);
    assert.deepEqual(await httpGet(metro.url), { status: 200, body: "first" });
    assert.deepEqual(await writesSince(from), []);
    assert.equal(await buildCount(), 1);
    assert.ok(!output.includes(PASSWORD));
    assert.match(await metro.project.readStoredState(), /"imagePull"/);
    await assertSecret(metro.project, PASSWORD);
  });

  it("keeps its replicas when the login changes", async () => {
    const { outputs } = assertSucceeded(await metro.stack.up());
    const login = { "site:user": "ben", "site:password": { secret: OTHER_PASSWORD } };
    const changed = assertSucceeded(await metro.with(login).up());
    assert.deepEqual(changed.outputs["replicas"], outputs["replicas"]);
    await assertSecret(metro.project, OTHER_PASSWORD);
    assert.deepEqual(assertSucceeded(await metro.stack.up()).outputs["replicas"], outputs["replicas"]);
  });

  it("is not built again for this machine alone, or for another repository, of which the removal of one leaves the other", async () => {
    const here = await createPlace({});
    const copy = await createPlace({ "site:repository": `${registry.host}/team/copy` });
    others.push(here, copy);
    const [digest = ""] = String(ref).split("@").slice(1);
    for (const place of [here, copy]) {
      const { outputs } = assertSucceeded(await place.stack.up());
      assert.equal(String(outputs["ref"]).split("@")[1], digest);
      assert.deepEqual(await httpGet(place.url), { status: 200, body: "first" });
    }
    for (const place of [copy, here]) assertSucceeded(await place.stack.destroy());
    const layout = openLayout(localPaths().imagesDir);
    assert.deepEqual(
      (await layout.list()).map((image) => image.repository),
      [repository],
    );
    // Pushing reads every blob, and the registry compares it with its digest.
    const again = await createPlace({ "site:repository": `${registry.host}/team/again` });
    others.push(again);
    assertSucceeded(await again.stack.up());
    assertSucceeded(await again.stack.destroy());
    assert.equal(await buildCount(), 1);
  });

  it("changes nothing in a second up", async () => {
    const results = await Promise.all([laptop.stack.up(), metro.stack.up()]);
    for (const result of results) assert.deepEqual(changingSteps(assertSucceeded(result)), []);
  });

  it("sends only the root file system and the configs if only a file changes", async () => {
    const from = await logLength();
    await writePage(metro.project, "second");
    const { outputs } = assertSucceeded(await metro.stack.up());
    assert.notEqual(outputs["ref"], ref);
    assert.deepEqual(await httpGet(metro.url), { status: 200, body: "second" });
    const [old, changed] = [await blobsOf(ref), await blobsOf(outputs["ref"])];
    assert.equal(changed.kernel, old.kernel);
    assert.equal(await buildCount(), 2);
    const uploaded = uploadedBlobs((await registry.requests()).slice(from));
    assert.deepEqual([...uploaded].sort(), [...changed.configs, changed.rootfs].sort());
  });

  it("leaves its images in the registry when it is destroyed, and nothing on this machine", async () => {
    const results = await Promise.all([laptop.stack.destroy(), metro.stack.destroy()]);
    for (const result of results) assertSucceeded(result);
    assert.ok((await blobsOf(ref)).kernel !== "");
    await platform.assertNothingLeft();
  });
});
