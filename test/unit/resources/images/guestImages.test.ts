import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import type { Layout } from "../../../../provider/image/oci/layout";
import { pushImage } from "../../../../provider/image/registry/push";
import { createGuestImageReader } from "../../../../provider/resources/images/guestImages";
import { createRegistryImages } from "../../../../provider/resources/images/registryImages";
import { type FakeRegistry, startFakeRegistry } from "../../../support/fakeRegistry";
import { elfloaderKernel, linuxKernel } from "../../../support/kernelFiles";
import { putTestImage, putTestPlatforms } from "../../../support/testImages";

const MIB = 1024 * 1024;
const ELFLOADER = { kind: "multiboot", parameters: { netdev: true, vfs: true, env: true } };

describe("looking at what the images of metro local boot", () => {
  let folder: string;
  let registry: FakeRegistry;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "guest-images-"));
    registry = await startFakeRegistry();
  });
  afterEach(async () => {
    await registry[Symbol.asyncDispose]();
    await fs.rm(folder, { recursive: true });
  });

  const put = (kernel: Buffer, rootfs = Buffer.alloc(5 * MIB)) => putTestImage(folder, { kernel, rootfs });
  const { signal } = new AbortController();
  const reader = (built = "none", pulled = "none") =>
    createGuestImageReader({
      layouts: [path.join(folder, built), path.join(folder, pulled)],
      describe: createRegistryImages(signal),
      signal,
    });
  const push = async (layout: Layout, digest: string): Promise<string> => {
    await pushImage(layout, `acme/shop@${digest}`, `${registry.host}/acme/shop:v1`);
    return `${registry.host}/acme/shop:v1`;
  };

  it("finds what was built here under any form of its name, and what was pulled by its digest", async () => {
    const { digest } = await put(elfloaderKernel());
    const read = reader("layout");
    for (const name of [`acme/shop@${digest}`, "acme/shop:latest", `oci://local/acme/shop@${digest}`]) {
      const found = await read(name);
      assert.deepEqual(found?.kernel, ELFLOADER, name);
      assert.deepEqual(found?.initrd, { bytes: 5 * MIB, isErofs: false });
    }
    const pulled = reader("none", "layout");
    assert.deepEqual((await pulled(`acme/shop@${digest}`))?.kernel, ELFLOADER);
    assert.equal(await pulled("acme/shop:latest"), undefined, "a tag may have moved since");
    assert.equal(await read("acme/other:latest"), undefined, "it may be built by this program");
  });

  it("sees another image under a tag that was built again", async () => {
    await put(elfloaderKernel());
    const read = reader("layout");
    assert.equal((await read("acme/shop:latest"))?.kernel?.kind, "multiboot");
    await put(linuxKernel());
    assert.equal((await read("acme/shop:latest"))?.kernel?.kind, "pvh");
  });

  it("fetches the beginning of layers from a registry, and a Unikraft kernel, but no root file system", async () => {
    const { layout, digest } = await put(elfloaderKernel());
    const image = await push(layout, digest);
    const sentBefore = registry.requests.length;
    const found = await reader()(image);
    assert.deepEqual(found?.kernel, ELFLOADER);
    assert.deepEqual(found?.initrd, { bytes: 5 * MIB, isErofs: false });
    assert.deepEqual(found?.env, { LEVEL: "info" });
    const ranges = registry.requests.slice(sentBefore).map(({ headers }) => headers.range);
    assert.deepEqual(
      ranges.filter((range) => range !== undefined),
      ["bytes=0-17919", "bytes=0-65535"],
    );
  });

  it("reads the same where a registry ignores ranges", async () => {
    const { layout, digest } = await put(linuxKernel(3 * MIB));
    const image = await push(layout, digest);
    registry.fault = (request) => {
      delete request.headers.range;
      return false;
    };
    const found = await reader()(image);
    assert.deepEqual(found?.kernel, { kind: "pvh", parameters: undefined });
    assert.deepEqual(found?.initrd, { bytes: 5 * MIB, isErofs: false });
  });

  it("knows the platform of an image that has none for this machine", async () => {
    const { layout, digest } = await putTestPlatforms(folder, ["qemu/arm64"]);
    const found = await reader()(await push(layout, digest));
    assert.deepEqual(found?.platform, { os: "qemu", architecture: "arm64" });
  });

  it("finds nothing that a registry does not have, and passes its failures on", async () => {
    assert.equal(await reader()(`${registry.host}/acme/shop:v1`), undefined);
    registry.fault = (_request, response) => (response.writeHead(403).end(), true);
    await assert.rejects(reader()(`${registry.host}/acme/shop:v1`), { code: "API_UNAUTHORIZED" });
  });
});
