import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { findUnikraftParameters } from "../../../../provider/image/kernel/unikraftParameters";

describe("the parameters of a Unikraft kernel", () => {
  it("are those whose libraries are named in it", async () => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-parameters-"));
    try {
      const kernel = path.join(folder, "kernel");
      await fs.writeFile(kernel, Buffer.from("\x7fELF\0netdevices\0vfs\0fstab\0", "latin1"));
      assert.deepEqual(await findUnikraftParameters(kernel), { netdev: false, vfs: true, env: false });
    } finally {
      await fs.rm(folder, { recursive: true });
    }
  });
});
