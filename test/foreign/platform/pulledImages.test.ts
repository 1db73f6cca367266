import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { openLayout } from "../../../provider/image/oci/layout";
import { pushImage } from "../../../provider/image/registry/push";
import { PulledImages } from "../../../provider/platform/pulledImages";
import { type DockerRegistry, startDockerRegistry } from "../../support/dockerRegistry";
import { putTestImage } from "../../support/testImages";
import { TestPlatform } from "../../support/testPlatform";
import { type TokenServer, startTokenServer } from "../../support/tokenServer";

const CREDENTIALS = { type: "password", username: "ann", password: "s3cret" } as const;
const LOGIN = Buffer.from("ann:s3cret").toString("base64");
const NOT_FOUND = 8;
const FAILED_OPERATION = 10;

describe("images that the local platform pulls from Debian's docker-registry", () => {
  const dockerConfig = process.env["DOCKER_CONFIG"];
  let folder: string;
  let tokens: TokenServer;
  let registry: DockerRegistry;
  let platform: TestPlatform;
  let digest: string;
  let repository: string;
  let nowMs = Date.now();

  before(async () => {
    tokens = await startTokenServer({ passwords: { ann: "s3cret" } });
    registry = await startDockerRegistry({ tokens });
  });
  after(async () => {
    await registry[Symbol.asyncDispose]();
    await tokens[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "pulled-"));
    process.env["DOCKER_CONFIG"] = folder;
    repository = `${registry.host}/team/${path.basename(folder).toLowerCase()}`;
    const image = await putTestImage(folder);
    digest = image.digest;
    await pushImage(image.layout, digest, repository, { credentials: () => Promise.resolve(CREDENTIALS) });
    platform = await TestPlatform.open();
    await platform.start({ pulledImages: new PulledImages(platform.paths.pulledImagesDir, () => nowMs) });
  });
  afterEach(async () => {
    await platform.close();
    await fs.rm(folder, { recursive: true, force: true });
    if (dockerConfig === undefined) delete process.env["DOCKER_CONFIG"];
    else process.env["DOCKER_CONFIG"] = dockerConfig;
  });

  const login = (): Promise<void> =>
    fs.writeFile(path.join(folder, "config.json"), JSON.stringify({ auths: { [registry.host]: { auth: LOGIN } } }));
  const create = (image: unknown) => platform.requestItem("POST", "/v1/instances", { image, memory_mb: 64 });
  const requestsOf = async (method: string, text: string): Promise<number> =>
    (await registry.requests()).filter((one) => one.method === method && one.path.includes(text)).length;

  it("run by digest and by tag, with the login of Docker's configuration", async () => {
    await login();
    const byDigest = await create(`${repository}@${digest}`);
    assert.equal(byDigest["status"], "success", byDigest.message);
    assert.equal((await platform.instance(byDigest.uuid))["image"], `oci://local/${repository}@${digest}`);
    const byTag = await create(repository);
    assert.equal((await platform.instance(byTag.uuid))["image"], `oci://local/${repository}@${digest}`);
    const listed = (await platform.api("GET", `/v1/images?digest=${encodeURIComponent(`${repository}@${digest}`)}`))
      .items;
    assert.deepEqual(
      listed.map(({ url }) => url),
      [`oci://local/${repository}@${digest}`],
    );
  });

  it("are downloaded once for replicas that are created at the same time, and never again by digest", async () => {
    await login();
    const blobs = (): Promise<number> => requestsOf("GET", `${repository.split("/").at(-1) ?? ""}/blobs/`);
    const created = await Promise.all([1, 2, 3].map(() => create(`${repository}@${digest}`)));
    assert.deepEqual(
      created.map((item) => item["status"]),
      ["success", "success", "success"],
    );
    const downloaded = await blobs();
    assert.equal(downloaded, 3, "kernel, root file system and config");
    await create(`${repository}@${digest}`);
    assert.equal(await blobs(), downloaded);
  });

  it("use the credentials of the request", async () => {
    const item = await create({ url: `${repository}@${digest}`, credentials: LOGIN });
    assert.equal(item["status"], "success", item.message);
  });

  it("fail with the registry's words, without credentials, and for what it does not have", async () => {
    const denied = await create(`${repository}@${digest}`);
    assert.equal(denied["error"], FAILED_OPERATION);
    assert.match(denied.message, /returned HTTP 401 .*docker login/);
    await login();
    const missing = await create(`${repository}:other`);
    assert.equal(missing["error"], NOT_FOUND);
    assert.match(missing.message, /^No image with name '127\.0\.0\.1:\d+\/team\/.*:other'; available: app$/);
    assert.equal((await create("app:other"))["error"], NOT_FOUND, "a name that was built here is not pulled");
    assert.equal((await create({ url: repository, pull_policy: "never" }))["error"], NOT_FOUND);
  });

  it("stay while an instance runs them, and go later", async () => {
    await login();
    const pulled = async () => (await openLayout(platform.paths.pulledImagesDir).list()).map((image) => image.digest);
    const [one, other] = [await create(`${repository}@${digest}`), await create(`${repository}@${digest}`)];
    nowMs += 11 * 60_000;
    await platform.api("DELETE", "/v1/instances", [{ uuid: one.uuid }]);
    assert.deepEqual(await pulled(), [digest]);
    await platform.api("DELETE", "/v1/instances", [{ uuid: other.uuid }]);
    assert.deepEqual(await pulled(), []);
  });
});
