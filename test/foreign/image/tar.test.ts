import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { describeFile } from "../../../provider/image/pack/contentReader";
import { packArchive } from "../../../provider/image/pack/packArchive";
import { planLayer } from "../../../provider/image/pack/layerPlan";
import { layerBlobFromFile } from "../../../provider/image/oci/blob";
import { planTree } from "../../../provider/image/pack/packTree";
import { fromDirectory } from "../../../provider/image/rootfs/fromDirectory";
import { fromTar } from "../../../provider/image/tar/read";
import { describeEntries } from "../../support/describeEntries";
import { runTool } from "../../support/foreignTools";
import { makeUnusualFolder } from "../../support/unusualFolder";

describe("tar archives of GNU tar", () => {
  let folder: string;
  let source: string;

  beforeEach(async () => {
    folder = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), "tar-")));
    source = path.join(folder, "source");
    await makeUnusualFolder(source);
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  const read = async (...options: string[]): Promise<unknown[]> => {
    const archive = path.join(folder, "archive");
    runTool("tar", [
      "--create",
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      ...options,
      `--file=${archive}`,
      "--directory",
      source,
      ".",
    ]);
    return describeEntries(await fromTar(describeFile(archive), archive, { scratch: folder }));
  };

  for (const [name, options] of Object.entries({
    gnu: ["--format=gnu"],
    oldgnu: ["--format=oldgnu"],
    pax: ["--format=pax"],
    "pax, compressed": ["--format=pax", "--gzip"],
  })) {
    it(`are read as the folder that was packed: ${name}`, async () => {
      const deep = `${"deeper/".repeat(40)}file`;
      await fs.mkdir(path.join(source, path.dirname(deep)), { recursive: true });
      await fs.writeFile(path.join(source, deep), "deep");
      await fs.symlink(`/${deep}`, path.join(source, "long target"));
      assert.deepEqual(
        await read(...options),
        await describeEntries(await fromDirectory(source, { preserveModes: true })),
      );
    });
  }

  for (const format of ["ustar", "v7"]) {
    it(`are read as the folder that was packed: ${format}, which has no long names`, async () => {
      await fs.rm(path.join(source, "n".repeat(255)));
      assert.deepEqual(
        await read(`--format=${format}`),
        await describeEntries(await fromDirectory(source, { preserveModes: true })),
      );
    });
  }

  it("with sparse files are rejected", async () => {
    for (const format of ["gnu", "pax"])
      await assert.rejects(read("--sparse", `--format=${format}`), /without --sparse/);
  });

  it("and our layers have one file, which tar extracts", async () => {
    const tree = await fromDirectory(source);
    for (const format of ["cpio", "erofs"] as const) {
      const [layer, archive] = [path.join(folder, `layer.${format}`), path.join(folder, format)];
      const packed = await packArchive(planLayer(planTree(tree, format), "unikraft/bin/initrd"), { file: layer });
      await packArchive(planTree(tree, format), { file: archive });
      assert.equal(runTool("tar", ["-tf", layer]).toString(), "unikraft/bin/initrd\n");
      assert.ok(runTool("tar", ["-xOf", layer, "unikraft/bin/initrd"]).equals(await fs.readFile(archive)));
      const { digest, sizeBytes } = await layerBlobFromFile(archive, "unikraft/bin/initrd");
      assert.deepEqual(packed, { digest, sizeBytes });
    }
  });
});
