import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { UnikernelError, formatError } from "../../../../provider/base/errors";
import { makeDisk } from "../../../../provider/platform/volumes/disk";

describe("a volume that does not fit on the host's disk", () => {
  it("is rejected with the free space, and leaves no file behind", async () => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-no-space-"));
    try {
      const { blocks, bsize } = await fs.statfs(folder);
      const tooManyMb = Math.ceil((blocks * bsize) / 2 ** 20) + 1;
      await assert.rejects(makeDisk(path.join(folder, "volume.ext4"), tooManyMb), (error) => {
        assert.ok(UnikernelError.has(error, "NO_SPACE"));
        assert.match(
          formatError(error),
          /^NO_SPACE: There is no space left for \d+ MiB: '.*' has \d+ MiB free\. Free some space, or point UNIKERNEL_STATE_DIR at a larger disk\.$/,
        );
        return true;
      });
      assert.deepEqual(await fs.readdir(folder), []);
    } finally {
      await fs.rm(folder, { recursive: true });
    }
  });
});
