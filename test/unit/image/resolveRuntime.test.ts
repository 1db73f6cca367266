import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { digestOf } from "../../../provider/base/digest";
import { UnikernelError } from "../../../provider/base/errors";
import { openLayout } from "../../../provider/image/oci/layout";
import { pushImage } from "../../../provider/image/registry/push";
import { resolvePlannedRuntime, resolveRuntime } from "../../../provider/image/resolveRuntime";
import { startFakeRegistry } from "../../support/fakeRegistry";
import type { RuntimeImage } from "../../../provider/image/runtimeImage";
import { putTestImage } from "../../support/testImages";
import { useCacheFolder, writeLinuxRuntime } from "../../support/cacheFolder";

describe("a runtime with a pinned digest", () => {
  const before = process.env["UNIKERNEL_CACHE_DIR"];
  let folder: string;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "runtime-"));
    process.env["UNIKERNEL_CACHE_DIR"] = folder;
  });
  afterEach(async () => {
    if (before === undefined) delete process.env["UNIKERNEL_CACHE_DIR"];
    else process.env["UNIKERNEL_CACHE_DIR"] = before;
    await fs.rm(folder, { recursive: true });
  });

  it("is the stand-in guest only if this machine builds that digest", async () => {
    await writeLinuxRuntime();
    await resolveRuntime("linux:latest");
    const [image] = await openLayout(path.join(folder, "runtimes", "oci")).list();
    assert.ok(image);
    assert.equal((await resolveRuntime(`linux@${image.digest}`)).kernelLayer.digest, image.kernel?.digest);
    assert.equal((await resolveRuntime("linux:6.1.0-9-cloud-amd64")).kernelLayer.digest, image.kernel?.digest);
    await assert.rejects(resolveRuntime("linux:5"), { code: "RUNTIME_UNAVAILABLE", message: /no runtime 'linux:5'/ });
    await assert.rejects(resolveRuntime(`linux@${digestOf("another")}`), (error) => {
      assert.ok(UnikernelError.has(error, "RUNTIME_UNAVAILABLE"), String(error));
      assert.ok(error.message.includes(`linux@${image.digest} (Linux 6.1.0-9-cloud-amd64)`), error.message);
      return true;
    });
  });

  it("is pulled by that digest, and found in the cache when the registry is gone", async () => {
    const pinned = await putTestImage(folder, { kernel: "pinned" });
    const registry = await startFakeRegistry();
    const name = `${registry.host}/acme/runtime`;
    try {
      await pushImage(pinned.layout, pinned.digest, name);
      const newer = await putTestImage(folder, { kernel: "newer" });
      await pushImage(newer.layout, newer.digest, name);
      await resolveRuntime(`${name}@${pinned.digest}`);
    } finally {
      await registry[Symbol.asyncDispose]();
    }
    const { kernelLayer } = await resolveRuntime(`${name}@${pinned.digest}`);
    assert.match(await fs.readFile(kernelLayer.blob, "latin1"), /pinned/);
    await assert.rejects(resolveRuntime(name), (error) => UnikernelError.has(error, "RUNTIME_UNAVAILABLE"));
  });
});

describe("a runtime at preview", () => {
  const folder = useCacheFolder();

  it("is the stand-in guest once this machine has built it", async () => {
    assert.equal(await resolvePlannedRuntime("linux:latest"), undefined);
    await writeLinuxRuntime();
    const { kernelLayer } = await resolveRuntime("linux:latest");
    assert.equal((await resolvePlannedRuntime("linux:latest"))?.kernelLayer.digest, kernelLayer.digest);
    assert.equal(await resolvePlannedRuntime(`linux@${digestOf("another")}`), undefined);
  });

  it("is what the registry has under the tag, and a build then uses the same", async () => {
    await using registry = await startFakeRegistry();
    const name = `${registry.host}/acme/runtime`;
    const push = async (kernel: string): Promise<string> => {
      const { layout, digest } = await putTestImage(folder.path, { kernel });
      await pushImage(layout, digest, name);
      return digest;
    };
    /** All but where the files of layers are. */
    const contentsOf = (runtime: RuntimeImage | undefined) =>
      JSON.parse(JSON.stringify(runtime, (key, value: unknown) => (key === "blob" ? undefined : value))) as unknown;
    const digest = await push("first");
    const planned = await resolvePlannedRuntime(name);
    await assert.rejects(fs.access(path.join(folder.path, "cache/runtimes")), "nothing is kept");
    const downloads = registry.requests.filter(({ method, path }) => method === "GET" && path.includes("/blobs/"));
    assert.equal(downloads.length, 1, "the config alone");
    assert.deepEqual(contentsOf(planned), contentsOf(await resolveRuntime(name)));
    await push("second");
    const moved = await resolvePlannedRuntime(name);
    assert.notEqual(moved?.kernelLayer.digest, planned?.kernelLayer.digest);
    assert.deepEqual(contentsOf(moved), contentsOf(await resolveRuntime(name)));
    const pinned = await resolvePlannedRuntime(`${name}@${digest}`);
    assert.equal(pinned?.kernelLayer.digest, planned?.kernelLayer.digest);
  });

  it("is not known if the registry does not answer, or does not have it", async () => {
    await using registry = await startFakeRegistry();
    const name = `${registry.host}/acme/runtime`;
    assert.equal(await resolvePlannedRuntime(name), undefined);
    const { layout, digest } = await putTestImage(folder.path);
    await pushImage(layout, digest, name);
    await resolveRuntime(name);
    registry.fault = () => true; // never responds
    const startedAt = performance.now();
    assert.equal(await resolvePlannedRuntime(name), undefined);
    assert.ok(performance.now() - startedAt < 8_000);
  });
});
