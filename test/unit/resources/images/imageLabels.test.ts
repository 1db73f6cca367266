import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import nock from "nock";
import { UnikernelError } from "../../../../provider/base/errors";
import { type Layout, openLayout } from "../../../../provider/image/oci/layout";
import { pushImage } from "../../../../provider/image/registry/push";
import { type ImageLabelSource, createImageLabelReader } from "../../../../provider/resources/images/imageLabels";
import { createRegistryImages } from "../../../../provider/resources/images/registryImages";
import { type FakeRegistry, startFakeRegistry } from "../../../support/fakeRegistry";

const LABELS = { "cloud.unikraft.v1.instances/scale_to_zero.policy": "on", plain: "label" };

describe("reading the labels of an image", () => {
  let folder: string;
  let layout: Layout;
  let registry: FakeRegistry;
  let digest: string;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "labels-"));
    layout = openLayout(path.join(folder, "layout"));
    registry = await startFakeRegistry();
    await fs.writeFile(path.join(folder, "kernel"), "kernel");
    digest = await store("app", LABELS);
  });
  afterEach(async () => {
    nock.cleanAll();
    await registry[Symbol.asyncDispose]();
    await fs.rm(folder, { recursive: true });
  });

  async function store(repository: string, labels: Readonly<Record<string, string>>): Promise<string> {
    const platform = { os: "qemu", architecture: "x86_64" };
    const kernel = { file: path.join(folder, "kernel") };
    return (await layout.putImage({ repository, platform, config: { cmd: [], env: {}, labels }, kernel })).digest;
  }

  const { signal } = new AbortController();
  const reader = (source: Partial<ImageLabelSource> = {}) =>
    createImageLabelReader({
      ...{
        url: "https://api.fra.unikraft.cloud",
        token: undefined,
        layout: layout.folder,
        describe: createRegistryImages(signal),
        signal,
      },
      ...source,
    });
  const gets = (): readonly string[] => registry.requests.map(({ method, path: name }) => `${method} ${name}`);

  it("asks the layout in metro local, under any form of the name", async () => {
    const read = reader({ url: undefined });
    for (const name of [`app@${digest}`, "app:latest", "app", `oci://local/app@${digest}`, `local/app@${digest}`])
      assert.deepEqual(await read(name), LABELS, name);
    assert.equal(await read("other", { isPreview: true }), undefined);
    assert.equal(await reader({ url: "http://127.0.0.1:1" })(`app@${digest}`), undefined, "another machine's layout");
  });

  it("asks the registry otherwise: for the documents, once, and for no layer", async () => {
    await pushImage(layout, `app@${digest}`, `${registry.host}/acme/app:v1`);
    const kinds = new Set<string>();
    for (const url of ["https://api.fra.unikraft.cloud", "http://127.0.0.1:1", undefined]) {
      const read = reader({ url });
      const before = gets().length;
      const image = `${registry.host}/acme/app@${digest}`;
      assert.deepEqual(await Promise.all([read(image), read(image)]), [LABELS, LABELS]);
      assert.deepEqual(await read(image), LABELS);
      const asked = gets().slice(before);
      assert.equal(asked.length, 3, asked.join(", "));
      for (const one of asked) kinds.add(one.replace(/sha256:.*/, ""));
    }
    assert.deepEqual([...kinds], ["GET acme/app/manifests/", "GET acme/app/blobs/"]);
  });

  it("finds nothing for an image that is not stored yet, and looks again", async () => {
    const read = reader();
    assert.equal(await read(`${registry.host}/acme/app:v1`), undefined);
    await pushImage(layout, `app@${digest}`, `${registry.host}/acme/app:v1`);
    assert.deepEqual(await read(`${registry.host}/acme/app:v1`), LABELS);
  });

  it("asks the vendor's registry for a name without a host in a metro of the vendor, with the metro's token", async () => {
    const manifest = "/v2/acme/app/manifests/v1";
    const index = nock("https://index.unikraft.io");
    index.get(manifest).reply(401, "", { "www-authenticate": 'Basic realm="index"' });
    index
      .get(manifest)
      .basicAuth({ user: "acme", pass: "s3cret" })
      .reply(404, { errors: [{ code: "MANIFEST_UNKNOWN" }] });
    const token = Buffer.from("acme:s3cret").toString("base64");
    assert.equal(await reader({ token })("acme/app:v1"), undefined);
    assert.ok(index.isDone());
    index.get(manifest).reply(401, "", { "www-authenticate": 'Basic realm="index"' });
    const own = reader({ url: "https://node.example.org", token });
    await assert.rejects(own("index.unikraft.io/acme/app:v1"), { code: "API_UNAUTHORIZED" }, "its token stays secret");
    assert.equal(await reader({ url: "https://node.example.org", token })("acme/app:v1"), undefined);
    const local = reader({ url: undefined });
    assert.equal(await local("acme/app:v1", { isPreview: true }), undefined);
    assert.equal(await local("oci://local/acme/app:v1"), undefined);
    index.get(manifest).reply(404, { errors: [{ code: "MANIFEST_UNKNOWN" }] });
    assert.equal(await local("acme/app:v1"), undefined);
    assert.ok(index.isDone(), "an operation in metro local asks for what is not on this machine");
  });

  it("fails once for a registry that does not let it in, and is given the image's own credentials", async () => {
    await pushImage(layout, `app@${digest}`, `${registry.host}/acme/app:v1`);
    const credentials = Buffer.from("user:s3cret").toString("base64");
    let rejections = 0;
    registry.fault = (request, response) => {
      if (request.headers.authorization === `Basic ${credentials}`) return false;
      rejections += 1;
      response.writeHead(401, { "www-authenticate": 'Basic realm="test"' }).end();
      return true;
    };
    const read = reader();
    const image = `${registry.host}/acme/app:v1`;
    const isUnauthorized = (error: unknown): boolean => UnikernelError.has(error, "API_UNAUTHORIZED");
    await assert.rejects(read(image), isUnauthorized);
    const before = rejections;
    await assert.rejects(read(image), isUnauthorized);
    assert.equal(rejections, before);
    assert.deepEqual(await read(image, { credentials }), LABELS);
  });

  it("fails for what is no image, and for an index without one", async () => {
    const manifest = "application/vnd.oci.image.manifest.v1+json";
    const index = "application/vnd.oci.image.index.v1+json";
    registry.manifests.set("acme/chart:1", { mediaType: manifest, bytes: Buffer.from('{"schemaVersion":2}') });
    const empty = { schemaVersion: 2, mediaType: index, manifests: [] };
    registry.manifests.set("acme/empty:1", { mediaType: index, bytes: Buffer.from(JSON.stringify(empty)) });
    await assert.rejects(reader()(`${registry.host}/acme/chart:1`), { code: "API_SHAPE" });
    await assert.rejects(reader()(`${registry.host}/acme/empty:1`), { code: "API_SHAPE" });
    await assert.rejects(reader()("Not A Reference"), { code: "INPUT_INVALID" });
  });
});
