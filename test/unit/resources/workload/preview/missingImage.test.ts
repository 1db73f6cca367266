import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { describeMissingImage } from "../../../../../provider/resources/workload/preview/missingImage";
import { putTestImage } from "../../../../support/testImages";

describe("the warning about an image that metro local does not have", () => {
  let folder: string;
  const stateDir = process.env["UNIKERNEL_STATE_DIR"];
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "missing-image-"));
    process.env["UNIKERNEL_STATE_DIR"] = path.join(folder, "state");
  });
  afterEach(async () => {
    if (stateDir === undefined) delete process.env["UNIKERNEL_STATE_DIR"];
    else process.env["UNIKERNEL_STATE_DIR"] = stateDir;
    await fs.rm(folder, { recursive: true, force: true });
  });

  it("names where the image will be asked for, and what to do", async () => {
    await putTestImage(folder, { repository: "app" });
    const layout = path.join(folder, "layout");
    const describeIn = (metro: string, image: string) =>
      describeMissingImage({ metro, imageLayout: layout }, image, "template.image");
    assert.equal(
      await describeIn("local", "web:1"),
      "template.image: no image 'web:1' was built on this machine, so metro 'local' will ask index.unikraft.io/official/web for it. Build it with a GatewayImage and use its 'ref', or name a registry.",
    );
    assert.match((await describeIn("local", "acme/web")) ?? "", / index\.unikraft\.io\/acme\/web /);
    for (const [metro, image] of [
      ["fra", "web:1"],
      ["local", "ghcr.io/acme/web:1"],
      ["local", `web@sha256:${"0".repeat(64)}`],
      ["local", "app"],
    ] as const)
      assert.equal(await describeIn(metro, image), undefined, `${metro} ${image}`);
  });
});
