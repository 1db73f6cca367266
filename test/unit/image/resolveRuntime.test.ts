import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { digestOf } from "../../../provider/base/digest";
import { UnikernelError } from "../../../provider/base/errors";
import { findRoot } from "../../../provider/image/oci/exchange/collect";
import { openLayout } from "../../../provider/image/oci/layout";
import { readPlatforms } from "../../../provider/image/oci/storedImage";
import { fetchImageLabels } from "../../../provider/image/registry/imageLabels";
import { inspectImage } from "../../../provider/image/registry/inspect";
import { pullRuntime } from "../../../provider/image/registry/pull";
import { pushImage } from "../../../provider/image/registry/push";
import * as runtimes from "../../../provider/image/resolveRuntime";
import { startFakeRegistry } from "../../support/fakeRegistry";
import type { RuntimeImage } from "../../../provider/image/runtimeImage";
import { putTestImage, putTestPlatforms } from "../../support/testImages";
import { useCacheFolder, writeLinuxRuntime } from "../../support/cacheFolder";

/** The only platform of a runtime. */
async function resolveRuntime(reference: string): Promise<RuntimeImage> {
  const [image, ...others] = await runtimes.resolveRuntime(reference);
  assert.ok(image);
  assert.deepEqual(others, []);
  return image;
}

const resolvePlannedRuntime = async (reference: string): Promise<RuntimeImage | undefined> =>
  (await runtimes.resolvePlannedRuntime(reference))?.[0];

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

describe("a runtime for several platforms", () => {
  const folder = useCacheFolder();
  const PLATFORMS = ["qemu/x86_64", "kraftcloud/x86_64", "kraftcloud/arm64"];
  const toTargets = (...names: readonly string[]) =>
    names.map((name) => ({ os: name.split("/")[0] ?? "", architecture: name.split("/")[1] ?? "" }));
  const namesOf = (images: readonly RuntimeImage[] | undefined) => images?.map(({ env }) => env?.["PLATFORM"]);

  it("is resolved for the targets, in their order, at preview as at build", async () => {
    await using registry = await startFakeRegistry();
    const name = `${registry.host}/acme/runtime`;
    const { layout, digest } = await putTestPlatforms(folder.path, PLATFORMS);
    await pushImage(layout, digest, name);
    const wanted = ["kraftcloud/arm64", "kraftcloud/x86_64"];
    assert.deepEqual(namesOf(await runtimes.resolvePlannedRuntime(name, toTargets(...wanted))), wanted);
    const resolved = await runtimes.resolveRuntime(name, toTargets(...wanted));
    assert.deepEqual(namesOf(resolved), wanted);
    for (const { kernelLayer, env } of resolved)
      assert.ok((await fs.readFile(kernelLayer.blob, "latin1")).includes(env?.["PLATFORM"] ?? "none"));
    assert.deepEqual(namesOf(await runtimes.resolveRuntime(name)), ["qemu/x86_64"], "without targets: for VMs");
  });

  it("is found in the cache when the registry is gone, with the platforms that were pulled", async () => {
    const registry = await startFakeRegistry();
    const name = `${registry.host}/acme/runtime`;
    const { layout, digest } = await putTestPlatforms(folder.path, PLATFORMS);
    await pushImage(layout, digest, name);
    await runtimes.resolveRuntime(name, toTargets("qemu/x86_64", "kraftcloud/arm64"));
    await registry[Symbol.asyncDispose]();
    const pulled = await runtimes.resolveRuntime(name, toTargets("kraftcloud/arm64"));
    assert.deepEqual(namesOf(pulled), ["kraftcloud/arm64"]);
    await assert.rejects(runtimes.resolveRuntime(name, toTargets("kraftcloud/x86_64")), {
      code: "RUNTIME_UNAVAILABLE",
    });
  });

  it("is not found in the cache without targets if only others than that of VMs were pulled", async () => {
    const registry = await startFakeRegistry();
    const name = `${registry.host}/acme/runtime`;
    const { layout, digest } = await putTestPlatforms(folder.path, [...PLATFORMS, "fc/x86_64"]);
    await pushImage(layout, digest, name);
    await runtimes.resolveRuntime(name, toTargets("kraftcloud/arm64", "fc/x86_64"));
    await registry[Symbol.asyncDispose]();
    await assert.rejects(runtimes.resolveRuntime(name), { code: "RUNTIME_UNAVAILABLE" });
    const pinned = `${name}@${digest}`;
    assert.equal(await runtimes.resolvePlannedRuntime(pinned), undefined);
    assert.deepEqual(namesOf(await runtimes.resolvePlannedRuntime(pinned, toTargets("fc/x86_64"))), ["fc/x86_64"]);
  });

  it("has one manifest for each of two platforms, if its index says so", async () => {
    await using registry = await startFakeRegistry();
    const name = `${registry.host}/acme/runtime`;
    const { layout, digest } = await putTestPlatforms(folder.path, ["qemu/x86_64"]);
    await pushImage(layout, digest, name);
    const stored = registry.manifests.get(`acme/runtime@${digest}`);
    const index = JSON.parse(String(stored?.bytes)) as { manifests: object[] };
    index.manifests.push({ ...index.manifests[0], platform: { os: "fc", architecture: "x86_64" } });
    const bytes = Buffer.from(JSON.stringify(index));
    registry.manifests.set("acme/runtime:latest", { mediaType: stored?.mediaType ?? "", bytes });
    const found = await runtimes.resolveRuntime(name, toTargets("qemu/x86_64", "fc/x86_64"));
    assert.deepEqual(namesOf(found), ["qemu/x86_64", "qemu/x86_64"]);
  });

  it("is rejected with what it has if it lacks a target, at preview as at build", async () => {
    await using registry = await startFakeRegistry();
    const name = `${registry.host}/acme/runtime`;
    const { layout, digest } = await putTestPlatforms(folder.path, PLATFORMS);
    await pushImage(layout, digest, name);
    const rejected = {
      code: "KRAFTFILE_INVALID",
      message: `The Kraftfile's targets are qemu/x86_64, fc/arm64, but the runtime '${name}' is built for ${PLATFORMS.join(", ")}.`,
    };
    const targets = toTargets("qemu/x86_64", "fc/arm64");
    await assert.rejects(runtimes.resolvePlannedRuntime(name, targets), rejected);
    await assert.rejects(runtimes.resolveRuntime(name, targets), rejected);
    const linux = { code: "KRAFTFILE_INVALID", message: /'linux:latest' is built for qemu\/x86_64\.$/ };
    await assert.rejects(runtimes.resolvePlannedRuntime("linux:latest", targets), linux);
    await assert.rejects(runtimes.resolveRuntime("linux:latest", targets), linux);
  });

  it("counts each blob once, here and in its registry, which lacks the image without one of its manifests", async () => {
    await using registry = await startFakeRegistry();
    const name = `${registry.host}/acme/runtime`;
    const { layout, digest } = await putTestPlatforms(folder.path, PLATFORMS);
    await pushImage(layout, digest, name);
    const blobs = path.join(layout.folder, "blobs/sha256");
    const stats = await Promise.all((await fs.readdir(blobs)).map((file) => fs.stat(path.join(blobs, file))));
    const sizeBytes = stats.reduce((sum, { size }) => sum + size, 0);
    assert.equal((await layout.resolve("acme/shop"))?.sizeBytes, sizeBytes);
    assert.deepEqual(await inspectImage(name), { digest, sizeBytes });
    const pulled = openLayout(path.join(folder.path, "pulled"));
    const targets = toTargets(...PLATFORMS);
    assert.equal((await pullRuntime(name, pulled, { targets })).sizeBytes, sizeBytes);
    assert.equal((await readPlatforms(pulled.folder, await findRoot(pulled.folder, digest))).length, 3);
    const index = JSON.parse(await fs.readFile(path.join(blobs, digest.slice("sha256:".length)), "utf8")) as {
      manifests: { digest: string }[];
    };
    registry.manifests.delete(`acme/runtime@${index.manifests[2]?.digest}`);
    assert.equal(await inspectImage(name), undefined);
  });

  it("has labels, and can be described, whatever its architecture", async () => {
    await using registry = await startFakeRegistry();
    const name = `${registry.host}/acme/arm`;
    const { layout, digest } = await putTestPlatforms(folder.path, ["kraftcloud/arm64", "fc/arm64"]);
    await pushImage(layout, digest, name);
    assert.deepEqual(await fetchImageLabels(name), { for: "kraftcloud/arm64" });
    assert.equal((await inspectImage(name))?.digest, digest);
    assert.equal((await layout.resolve("acme/shop"))?.env["PLATFORM"], "kraftcloud/arm64");
    await assert.rejects(runtimes.resolveRuntime(name), { code: "RUNTIME_UNAVAILABLE" });
  });
});
