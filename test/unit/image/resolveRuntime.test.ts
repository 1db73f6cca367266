import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { digestOf } from "../../../provider/base/digest";
import { UnikernelError } from "../../../provider/base/errors";
import { openLayout } from "../../../provider/image/oci/layout";
import { pushImage } from "../../../provider/image/registry/push";
import { resolveRuntime } from "../../../provider/image/resolveRuntime";
import { EROFS_MODULES, KERNEL_MODULES } from "../../../provider/image/runtime/kernelModules";
import { startFakeRegistry } from "../../support/fakeRegistry";
import { putTestImage } from "../../support/testImages";

const MODULES = [...KERNEL_MODULES, ...EROFS_MODULES];

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
    const cached = path.join(folder, "runtimes", "linux-2");
    await fs.mkdir(cached, { recursive: true });
    const names = ["vmlinux", "busybox", "applets", ...MODULES.map((module) => path.basename(module))];
    for (const name of names) await fs.writeFile(path.join(cached, name), `${name}\n`);
    await fs.writeFile(path.join(cached, "version"), "6.1.0-9-cloud-amd64");
    await resolveRuntime("linux:latest");
    const [image] = await openLayout(path.join(folder, "runtimes", "oci")).list();
    assert.ok(image);
    assert.equal((await resolveRuntime(`linux@${image.digest}`)).kernelLayer.digest, image.kernel?.digest);
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
