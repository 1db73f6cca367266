import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type BuildInputs, planBuild } from "../../../../provider/image/build/planBuild";
import { packTree } from "../../../../provider/image/pack/packTree";
import { useCacheFolder } from "../../../support/cacheFolder";
import { givenTexts } from "../../../support/givenFiles";

/**
 * The hashes are in the state of stacks, and digests name images in registries: other values for the same files would build, push and
 * restart everything again. Change them only together with `BUILDER_VERSION`.
 */
describe("the hashes and digests of a fixed context", () => {
  const folder = useCacheFolder();
  const at = (name: string): string => path.join(folder.path, "app", name);

  let umask: number;

  afterEach(() => process.umask(umask));
  beforeEach(async () => {
    umask = process.umask(0o022);
    for (const name of ["rootfs/bin", "rootfs/empty", "rootfs/deep/er/still", "rom"])
      await fs.mkdir(at(name), { recursive: true });
    const names = [
      "bin.txt",
      "bin/a",
      "bin-c",
      "deep/er/still/x",
      "é",
      "😀",
      "\uFFFD",
      "\uE000",
      'quo"te',
      "line\nbreak",
    ];
    for (const name of names) await fs.writeFile(at(`rootfs/${name}`), `content of ${name}`);
    await fs.writeFile(at("rootfs/large"), Buffer.alloc(2 ** 20 + 3, "large"));
    await fs.writeFile(at("rootfs/none"), "");
    await fs.chmod(at("rootfs/bin/a"), 0o4751);
    await fs.chmod(at("rootfs/bin"), 0o2711);
    await fs.link(at("rootfs/bin.txt"), at("rootfs/bin/linked"));
    await fs.symlink("../bin/a", at("rootfs/deep/link"));
    await fs.writeFile(at("rom/data"), "rom");
    await fs.writeFile(
      at("Kraftfile"),
      "spec: v0.7\nruntime: base:latest\nrootfs: ./rootfs\nroms: [./rom]\ncmd: [/bin/a]\nenv: {A: b}\nlabels: {l: m}\n",
    );
  });

  const describePlan = async (inputs: Partial<BuildInputs>): Promise<Record<string, string>> => {
    const hashKey = new Uint8Array(32).fill(7);
    const plan = await planBuild({ context: at(""), name: "shop", scratch: folder.path, hashKey, ...inputs });
    assert.ok(plan.rootfs.type === "tree");
    const { tree } = plan.rootfs;
    return {
      contextHash: plan.contextHash,
      cpio: (await packTree(tree, "cpio", "digest")).digest,
      erofs: (await packTree(tree, "erofs", "digest")).digest,
    };
  };

  it("are these", async () => {
    assert.deepEqual(await describePlan({}), {
      contextHash: "sha256:96103dd4842ca4fa0aeb66be0879f0e53420a5e830baff2cf6b54fada5f157a9",
      cpio: "sha256:9b246d325ec92ac163f4a142e4311d69eeaec45247a576cbeb6ca860c9e898aa",
      erofs: "sha256:44c3c634b51eb3f1ae2914b88eb97761ea298a8ce35509f9e14cf5eeb4df5a10",
    });
  });

  it("are these with modes kept, and with given files", async () => {
    const files = givenTexts({ "/new/dir/conf": "port=1", "/none": "x" });
    assert.deepEqual(await describePlan({ preserveModes: true, files }), {
      contextHash: "sha256:e84bd93fc3f9a66eddfba5271067e5ad3537e8b6e8bea5695bbbd373adf6223d",
      cpio: "sha256:2886e42b402e18d810ac72b63a6ce775285073e92530bd3970d7400ae1613d84",
      erofs: "sha256:3a5196a7294c659e8278c51f465f9cebfa4e0e8263bab909d7e77fd4b2629869",
    });
  });
});
