import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { formatError } from "../../../../../../provider/base/errors";
import { findQemu } from "../../../../../../provider/platform/vmm/qemu/host/findQemu";

const refusal = (): string => {
  try {
    return assert.fail(`found ${findQemu()}`);
  } catch (error) {
    return formatError(error);
  }
};

describe("the QEMU of this machine", () => {
  const before = { ...process.env };
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-find-"));
    delete process.env["UNIKERNEL_QEMU"];
    process.env["PATH"] = folder;
  });
  afterEach(async () => {
    for (const name of ["PATH", "UNIKERNEL_QEMU"]) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
    await fs.rm(folder, { recursive: true });
  });

  it("is the one on PATH", async () => {
    const file = path.join(folder, "qemu-system-x86_64");
    await fs.writeFile(file, "", { mode: 0o755 });
    assert.equal(findQemu(), file);
  });

  it("is reported missing with the command that installs it", () => {
    assert.match(
      refusal(),
      /^QEMU_MISSING: 'qemu-system-x86_64' was not found on PATH\. Install it with '.*or set UNIKERNEL_QEMU to its path/,
    );
  });

  it("must be an executable file if UNIKERNEL_QEMU is set", async () => {
    const file = path.join(folder, "qemu");
    process.env["UNIKERNEL_QEMU"] = file;
    assert.match(
      refusal(),
      /^QEMU_MISSING: UNIKERNEL_QEMU is '.*\/qemu', which is not an executable file\. Correct or unset it/,
    );
    await fs.writeFile(file, "", { mode: 0o644 });
    assert.match(refusal(), /^QEMU_MISSING: UNIKERNEL_QEMU is/);
  });
});
