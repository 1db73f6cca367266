/** What is left when things happen at the same time, fail half way, or end with the daemon being killed. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Layout } from "../../../provider/image/oci/layout";
import { TestPlatform } from "../../support/testDaemon";

describe("the daemon's state and reality", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(() => platform.close());

  it("lose an image that is removed while an instance is made of it, and say so", async () => {
    const file = path.join(platform.folder, "gone");
    const kernel = { digest: `sha256:${"0".repeat(64)}`, sizeBytes: 1, blob: file, entry: "kernel" } as const;
    const images: Pick<Layout, "resolve" | "list"> = {
      resolve: async () => ({
        ...{ repository: "app", digest: kernel.digest, sizeBytes: 1, cmd: ["/x"], env: {}, labels: {}, kernel },
        platform: { architecture: "x86_64", os: "qemu" },
      }),
      list: async () => [],
    };
    await platform.daemon.close();
    await platform.start({ images });
    const created = await platform.one("POST", "/v1/instances", { name: "late", image: "app:1" });
    assert.equal(created["error"], 8, created.message);
  });

  it("keep what an instance boots from while others of the same image are deleted", async () => {
    for (let round = 0; round < 30; round++) {
      await platform.one("POST", "/v1/instances", { name: `old-${round}`, image: "app:1" });
      const [created] = await Promise.all([
        platform.one("POST", "/v1/instances", { name: `new-${round}`, image: "app:1", autostart: true }),
        platform.one("DELETE", "/v1/instances", [{ name: `old-${round}` }]),
      ]);
      assert.equal(created["status"], "success");
      assert.ok(fs.existsSync(platform.vmm.starts.at(-1)?.kernel ?? ""), `round ${round}`);
      await platform.one("DELETE", "/v1/instances", [{ uuid: created.uuid }]);
    }
    assert.deepEqual(fs.readdirSync(platform.paths.boot), []);
  });
});
