import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { systemClock } from "../../../provider/base/clock";
import { formatError } from "../../../provider/base/errors";
import { createClient } from "../../../provider/client/client";
import { fetchQuotas } from "../../../provider/resources/fetchQuotas";
import { contextWithClient } from "../../support/resourceContext";

describe("the quotas of a local platform that does not run", () => {
  const environment = { ...process.env };
  let folder: string;
  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-quotas-"));
    process.env["UNIKERNEL_STATE_DIR"] = folder;
    delete process.env["UNIKERNEL_QUOTAS"];
  });
  after(async () => {
    for (const name of ["UNIKERNEL_STATE_DIR", "UNIKERNEL_QUOTAS"]) {
      if (environment[name] === undefined) delete process.env[name];
      else process.env[name] = environment[name];
    }
    await fs.rm(folder, { recursive: true });
  });

  const fetched = () =>
    fetchQuotas({
      ...contextWithClient(
        createClient({ metro: "local", endpoint: () => assert.fail("no daemon may be started") }),
        systemClock,
      ),
      metro: "local",
    });

  it("are those that it will start with, and nothing is used", async () => {
    const { used, hard, limits } = (await fetched()) ?? assert.fail();
    assert.deepEqual([used, hard["instances"], hard["live_memory_mb"], limits.max_memory_mb], [{}, 64, 32_768, 8192]);
  });

  it("are those of the environment", async () => {
    process.env["UNIKERNEL_QUOTAS"] = "instances=140,live_memory_mb=2000";
    const { hard } = (await fetched()) ?? assert.fail();
    assert.deepEqual([hard["instances"], hard["live_memory_mb"], hard["volumes"]], [140, 2000, 253]);
  });

  it("fail the preview if the environment is invalid, since the daemon would not start", async () => {
    const failures = {
      "instances=many":
        "Invalid quota 'instances=many'. Use a name, '=' and an integer of at least 0, such as 'instances=64'.",
      "instanses=1": "Unknown quota 'instanses'. Did you mean 'instances'?",
      "min_vcpus=4,max_vcpus=2": "The quota 'min_vcpus' (4) exceeds 'max_vcpus' (2). Set both so that the minimum does not exceed the maximum.", // prettier-ignore
    };
    for (const [value, sentence] of Object.entries(failures)) {
      process.env["UNIKERNEL_QUOTAS"] = value;
      await assert.rejects(fetched(), (error) => {
        assert.equal(formatError(error), `CONFIG_INVALID: UNIKERNEL_QUOTAS: ${sentence}`);
        return true;
      });
    }
  });
});
