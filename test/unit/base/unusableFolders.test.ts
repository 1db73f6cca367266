/** Folders of this machine that take no files fail at once, with the variable that sets another one. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { createFolder } from "../../../provider/base/files";
import { ensureUsable, fromFolderError } from "../../../provider/base/localPaths";
import { connectLocalDaemon } from "../../../provider/client/localDaemon";
import { computeInputs } from "../../../provider/resources/image/plan";
import { useCacheFolder } from "../../support/cacheFolder";

const GIVEN = { name: "x", context: "examples/quickstart/site", files: {}, preserveModes: false };
const LOCAL = { metro: "local", token: undefined };

describe("a folder of this machine", () => {
  const folder = useCacheFolder();
  const asConfigInvalid = (variable: string) => (thrown: unknown) => {
    const error = fromFolderError(thrown) as { code?: string; hint?: string };
    assert.equal(error.code, "CONFIG_INVALID", String(thrown));
    assert.match(error.hint ?? "", new RegExp(`set ${variable} to another folder`));
    return true;
  };

  it("is created with those above it, by many at once", async () => {
    const deep = path.join(folder.path, "a/b/c");
    await Promise.all([createFolder(deep), createFolder(deep), createFolder(path.dirname(deep))]);
    await createFolder(deep);
    assert.ok((await fs.stat(deep)).isDirectory());
    await fs.writeFile(path.join(deep, "file"), "");
    await assert.rejects(createFolder(path.join(deep, "file")), { code: "EEXIST" });
    await assert.rejects(createFolder(path.join(deep, "file/below")), { code: "ENOTDIR" });
  });

  it("is for this user only under any umask, with those above it that are new", async () => {
    const umask = process.umask(0);
    try {
      await createFolder(path.join(folder.path, "new/inner"));
    } finally {
      process.umask(umask);
    }
    for (const name of ["new", "new/inner"])
      assert.equal((await fs.stat(path.join(folder.path, name))).mode & 0o777, 0o700, name);
  });

  for (const unusable of ["/proc", "/proc/cache", "/proc/a/b/c"]) {
    it(`fails at once as ${unusable}`, async () => {
      process.env["UNIKERNEL_CACHE_DIR"] = unusable;
      await assert.rejects(ensureUsable(path.join(unusable, "images")), asConfigInvalid("UNIKERNEL_CACHE_DIR"));
      const { failures } = await computeInputs(GIVEN, LOCAL, {});
      assert.deepEqual(
        failures.map(({ code }) => code),
        ["CONFIG_INVALID"],
      );
      process.env["UNIKERNEL_CACHE_DIR"] = path.join(folder.path, "cache");
      process.env["UNIKERNEL_STATE_DIR"] = unusable;
      // /proc itself exists, and says that it has no space.
      if (unusable === "/proc")
        await assert.rejects(connectLocalDaemon(), { code: "NO_SPACE", hint: /UNIKERNEL_STATE_DIR/ });
      else await assert.rejects(connectLocalDaemon(), asConfigInvalid("UNIKERNEL_STATE_DIR"));
    });
  }

  it("fails at once on a read-only file system, or in a folder of another user", async () => {
    const closed = path.join(folder.path, "closed");
    await fs.mkdir(closed, { mode: 0o500 });
    // No mode stops root.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) childProcess.execFileSync("mount", ["-t", "tmpfs", "-o", "ro", "tmpfs", closed]);
    try {
      process.env["UNIKERNEL_CACHE_DIR"] = closed;
      await assert.rejects(ensureUsable(closed), asConfigInvalid("UNIKERNEL_CACHE_DIR"));
      const { failures } = await computeInputs(GIVEN, LOCAL, {});
      assert.match(failures[0]?.reason ?? "", /cannot be used: .*\((EROFS|EACCES)\)\. Make it writable/);
      process.env["UNIKERNEL_CACHE_DIR"] = path.join(folder.path, "cache");
      process.env["UNIKERNEL_STATE_DIR"] = closed;
      await assert.rejects(connectLocalDaemon(), asConfigInvalid("UNIKERNEL_STATE_DIR"));
    } finally {
      if (isRoot) childProcess.execFileSync("umount", [closed]);
    }
  });
});
