/** `linux:latest` as the image of an instance. */
import assert from "node:assert/strict";
import { PulledImages } from "../../../provider/platform/pulledImages";
import { useCacheFolder, writeLinuxRuntime } from "../../support/cacheFolder";
import { TestPlatform } from "../../support/testPlatform";

describe("an instance of linux:latest", () => {
  useCacheFolder();
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start({ pulledImages: new PulledImages(platform.paths.pulledImagesDir) });
  });
  afterEach(() => platform.close());

  const create = (image: unknown, more: Record<string, unknown> = {}) =>
    platform.requestItem("POST", "/v1/instances", { image, memory_mb: 64, args: ["sh"], ...more });

  it("boots the runtime of this machine, which is packed once, and again after it was removed", async () => {
    await writeLinuxRuntime();
    const first = await create("linux:latest", { autostart: true, timeout_s: 10 });
    assert.equal(first["state"], "running", first.message);
    assert.deepEqual(platform.vmm.starts[0]?.args, ["sh"]);
    const second = await create("linux");
    assert.equal(second["image"], first["image"]);
    const byDigest = await create(String(first["image"]).replace("oci://local/", ""));
    assert.equal(byDigest["image"], first["image"], byDigest.message);
    const never = await create({ url: "linux:latest", pull_policy: "never" });
    assert.equal(never["image"], first["image"]);
    await new PulledImages(platform.paths.pulledImagesDir).removeUnused(() => false);
    assert.equal((await create("linux:latest"))["image"], first["image"]);
  });

  it("is refused for another tag or digest, where it cannot be built, and with the policy 'never' before it was", async () => {
    const path = process.env["PATH"];
    process.env["PATH"] = platform.folder;
    try {
      const unbuilt = await create("linux:latest");
      assert.deepEqual(
        [unbuilt["error"], /'apt-cache' was not found/.test(unbuilt.message)],
        [10, true],
        unbuilt.message,
      );
    } finally {
      process.env["PATH"] = path;
    }
    await writeLinuxRuntime();
    assert.equal((await create({ url: "linux:latest", pull_policy: "never" }))["error"], 8);
    for (const name of ["linux:6.0", `linux@sha256:${"0".repeat(64)}`]) {
      const refused = await create(name);
      assert.match(refused.message, new RegExp(`There is no image '${name}'.*builds only linux:latest`));
    }
  });

  it("is the user's own image where one of that name was built", async () => {
    const digest = await platform.addImage("linux", "latest", "a kernel of the user");
    assert.match(String((await create("linux:latest"))["image"]), new RegExp(digest));
  });
});
