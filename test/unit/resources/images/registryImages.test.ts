import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { pushImage } from "../../../../provider/image/registry/push";
import { createGuestImageReader } from "../../../../provider/resources/images/guestImages";
import { createImageLabelReader } from "../../../../provider/resources/images/imageLabels";
import { createRegistryImages } from "../../../../provider/resources/images/registryImages";
import { type FakeRegistry, startFakeRegistry } from "../../../support/fakeRegistry";
import { elfloaderKernel } from "../../../support/kernelFiles";
import { putTestImage } from "../../../support/testImages";

describe("the documents of an image in a registry", () => {
  const { signal } = new AbortController();
  let folder: string;
  let registry: FakeRegistry;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "registry-images-"));
    registry = await startFakeRegistry();
  });
  afterEach(async () => {
    await registry[Symbol.asyncDispose]();
    await fs.rm(folder, { recursive: true });
  });

  const gets = () => registry.requests.filter(({ method, headers }) => method === "GET" && headers.range === undefined);

  it("are read once for the labels and the kernel of a preview on metro local", async () => {
    const { layout, digest } = await putTestImage(folder, { kernel: elfloaderKernel(), rootfs: Buffer.alloc(1024) });
    const image = `${registry.host}/acme/shop:v1`;
    await pushImage(layout, `acme/shop@${digest}`, image);
    const before = gets().length;
    const describe = createRegistryImages(signal);
    const none = path.join(folder, "none");
    const readGuest = createGuestImageReader({ layouts: [none, none], describe, signal });
    const readLabels = createImageLabelReader({ url: undefined, token: undefined, layout: none, describe, signal });
    assert.equal((await readGuest(image))?.kernel?.kind, "multiboot");
    assert.notEqual(await readLabels(image, { isPreview: true }), undefined);
    const kinds = gets().slice(before).map(({ path: name }) => name.split("/")[2]); // prettier-ignore
    assert.deepEqual(kinds, ["manifests", "manifests", "blobs"], "index, manifest and config");
  });

  it("are looked for again while the registry has none, but a failure is remembered", async () => {
    const image = `${registry.host}/acme/shop:v1`;
    const describe = createRegistryImages(signal);
    assert.equal(await describe(image), undefined);
    assert.equal(await describe(image), undefined);
    assert.equal(gets().length, 2);
    registry.fault = (_request, response) => (response.writeHead(403).end(), true);
    await assert.rejects(describe(image), { code: "API_UNAUTHORIZED" });
    const before = gets().length;
    await assert.rejects(describe(image), { code: "API_UNAUTHORIZED" });
    assert.equal(gets().length, before);
  });
});
