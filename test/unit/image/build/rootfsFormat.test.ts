import assert from "node:assert/strict";
import { chooseFormat } from "../../../../provider/image/build/rootfsFormat";
import type { RuntimeImage } from "../../../../provider/image/runtimeImage";

const runtime = (osFeatures: readonly string[], more: Partial<RuntimeImage> = {}): RuntimeImage => ({
  reference: "base:latest",
  platform: { os: "kraftcloud", architecture: "x86_64", osFeatures },
  kernelLayer: { digest: `sha256:${"0".repeat(64)}`, sizeBytes: 1, blob: "/kernel", entry: "kernel" },
  ...more,
});

describe("the format of a root file system", () => {
  it("follows the runtime's kernel, whatever the case of its options", () => {
    for (const feature of ["CONFIG_LIBUKFS_EROFS=y", "CONFIG_EROFS_FS=y", "config_erofs_fs=Y"])
      assert.equal(chooseFormat(undefined, runtime(["CONFIG_X=y", feature])), "erofs");
    for (const features of [[], ["CONFIG_EROFS_FS=n"], ["CONFIG_EROFS_FS_ZIP=y"]])
      assert.equal(chooseFormat(undefined, runtime(features)), "cpio");
  });

  it("is the one that the Kraftfile names", () => {
    assert.equal(chooseFormat("cpio", runtime(["CONFIG_EROFS_FS=y"])), "cpio");
    assert.equal(chooseFormat("erofs", runtime([])), "erofs");
  });

  it("is CPIO on a runtime that adds files of its own", () => {
    const own = { baseTree: new Map() };
    assert.equal(chooseFormat(undefined, runtime(["CONFIG_EROFS_FS=y"], own)), "cpio");
    assert.throws(() => chooseFormat("erofs", runtime([], own)), {
      code: "KRAFTFILE_INVALID",
      message: /'base:latest' starts from a CPIO archive/,
    });
  });

  it("is EROFS on such a runtime only on request, if its files can mount it", () => {
    const own = { baseTree: new Map(), erofsFiles: new Map() };
    assert.equal(chooseFormat(undefined, runtime([], own)), "cpio");
    assert.equal(chooseFormat("erofs", runtime([], own)), "erofs");
  });
});
