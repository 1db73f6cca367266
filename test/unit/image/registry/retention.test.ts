import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { digestOf } from "../../../../provider/base/digest";
import { pushImage } from "../../../../provider/image/registry/push";
import { planRetention, removeImages } from "../../../../provider/image/registry/retention";
import { type FakeRegistry, startFakeRegistry } from "../../../support/fakeRegistry";
import { putTestImage } from "../../../support/testImages";

const [A, B, C, D] = ["a", "b", "c", "d"].map((text) => digestOf(text)) as [string, string, string, string];

describe("the images that a repository keeps", () => {
  it("are the newest, and those in use", () => {
    assert.deepEqual(planRetention([A, B, C, D], { keepVersions: 2 }), { keep: [A, B], remove: [C, D] });
    assert.deepEqual(planRetention([A, B, C, D], { keepVersions: 1, inUse: [D] }), { keep: [A, D], remove: [B, C] });
    assert.deepEqual(planRetention([A, B, A, C], { keepVersions: 2 }), { keep: [A, B], remove: [C] });
    assert.deepEqual(planRetention([A], { keepVersions: 3 }), { keep: [A], remove: [] });
    assert.deepEqual(planRetention([A, "no digest"], { keepVersions: 0 }), { keep: [], remove: [A] });
  });

  describe("in a registry", () => {
    let folder: string;
    let registry: FakeRegistry;
    const history: `sha256:${string}`[] = [];

    beforeEach(async () => {
      folder = await fs.mkdtemp(path.join(os.tmpdir(), "retention-"));
      registry = await startFakeRegistry();
      history.length = 0;
      for (const rootfs of ["1", "2", "3"]) {
        const { layout, digest } = await putTestImage(folder, { rootfs });
        await pushImage(layout, digest, `${registry.host}/acme/shop`);
        history.unshift(digest);
      }
    });
    afterEach(async () => {
      await registry[Symbol.asyncDispose]();
      await fs.rm(folder, { recursive: true });
    });
    const remove = (digests: readonly `sha256:${string}`[]) =>
      removeImages(`${registry.host}/acme/shop`, digests, { sleep: () => Promise.resolve() });
    const present = (): boolean[] => history.map((digest) => registry.manifests.has(`acme/shop@${digest}`));

    it("lose the others; one that is gone already counts as removed", async () => {
      const plan = planRetention(history, { keepVersions: 1 });
      assert.deepEqual(await remove([...plan.remove, digestOf("gone")]), {
        removed: [...plan.remove, digestOf("gone")],
        kept: [],
      });
      assert.deepEqual(present(), [true, false, false]);
    });

    it("are all kept, with the reason, where deletion is not allowed or fails", async () => {
      registry.allowsDeletion = false;
      const [oldest] = history.slice(-1);
      assert.ok(oldest);
      assert.deepEqual(await remove([oldest]), {
        removed: [],
        kept: [{ digest: oldest, reason: `The registry '${registry.host}' does not allow deletion.` }],
      });
      registry.fault = (_request, response) => {
        response.writeHead(403).end('{"errors":[{"code":"DENIED","message":"read only"}]}');
        return true;
      };
      const { kept } = await remove([oldest]);
      assert.match(kept[0]?.reason ?? "", /HTTP 403 .*DENIED: read only\./);
      assert.deepEqual(present(), [true, true, true]);
    });
  });
});
