/** An image that was not built on this machine, while the default registry cannot be reached. */
import assert from "node:assert/strict";
import { unreachableError } from "../../../provider/image/registry/errors";
import { PulledImages } from "../../../provider/platform/pulledImages";
import { TestPlatform } from "../../support/testPlatform";

class OfflineImages extends PulledImages {
  override resolve(reference: string): Promise<undefined> {
    const cause = Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });
    return Promise.reject(unreachableError({ registry: "a.registry", subject: `manifest '${reference}'` }, cause));
  }
}

describe("an image that no registry could be asked for", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start({ pulledImages: new OfflineImages(platform.paths.pulledImagesDir) });
  });
  afterEach(() => platform.close());

  const create = (image: string) => platform.requestItem("POST", "/v1/instances", { image, memory_mb: 64 });

  it("is not found if its name has no host", async () => {
    const { error, message } = await create("nope:latest");
    assert.deepEqual(
      [error, message],
      [
        8,
        "no image 'nope:latest' was built on this machine, and index.unikraft.io/official/nope could not be asked (ENOTFOUND)",
      ],
    );
  });

  it("is the registry's failure if the name has a host", async () => {
    const { error, message } = await create("ghcr.io/acme/nope:latest");
    assert.equal(error, 10);
    assert.match(message, /failed \(ENOTFOUND\)/);
  });
});
