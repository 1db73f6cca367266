import assert from "node:assert/strict";
import * as path from "node:path";
import { UnikernelError } from "../../../provider/base/errors";
import { fromFolderError, localPaths, runFolderIn } from "../../../provider/base/localPaths";

const systemError = (code: string, file: string): Error =>
  Object.assign(new Error(`${code}: permission denied, mkdir '${file}'`), { code, path: file });

describe("a folder of the local platform that cannot be used", () => {
  const { stateDir, cacheDir } = localPaths();

  it("is reported with the variable that sets another one", () => {
    for (const [folder, variable] of [
      [stateDir, "UNIKERNEL_STATE_DIR"],
      [cacheDir, "UNIKERNEL_CACHE_DIR"],
    ] as const) {
      for (const code of ["EACCES", "EPERM", "EROFS", "ENOTDIR"]) {
        const error = fromFolderError(systemError(code, path.join(folder, "images")));
        assert.ok(UnikernelError.has(error, "CONFIG_INVALID"), code);
        assert.match(`${error.message} ${error.hint}`, new RegExp(`${folder}.*\\(${code}\\).*set ${variable} to`));
      }
    }
  });

  it("is not blamed for a file elsewhere, or for another failure", () => {
    for (const error of [
      systemError("EACCES", "/etc/shadow"),
      systemError("EACCES", `${stateDir}-of-another/images`),
      systemError("ENOENT", path.join(stateDir, "images")),
      new Error("EACCES"),
    ])
      assert.equal(fromFolderError(error), error);
  });
});

describe("the folder of the VMs' sockets", () => {
  const nameOf = (length: number): string => `/${"r".repeat(length - 1)}`;

  it("is in the given folder as long as the path of a socket fits, otherwise in /tmp", () => {
    // 107 bytes, without the name of the folder, the longest name of a socket, and two separators
    const longest = 107 - "unikernel-0-01234567".length - "01234567.ctl3d".length - 2;
    assert.equal(runFolderIn("/run/user/1000", "unikernel-1000-a"), "/run/user/1000/unikernel-1000-a");
    assert.equal(runFolderIn(nameOf(longest), "unikernel-0-01234567"), `${nameOf(longest)}/unikernel-0-01234567`);
    assert.equal(runFolderIn(nameOf(longest + 1), "unikernel-0-01234567"), "/tmp/unikernel-0-01234567");
    assert.equal(
      runFolderIn("/\u{1F600}".padEnd(longest - 1, "r"), "unikernel-0-01234567"),
      "/tmp/unikernel-0-01234567",
    );
  });
});
