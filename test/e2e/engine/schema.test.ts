import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { findEngine } from "../../support/engine";

const file = path.resolve(__dirname, "../../../schema.json");

/** `pulumi schema check` of the real engine; needs neither a project nor a login. */
function check(schema: string): { readonly code: number | null; readonly output: string } {
  const { status, stdout, stderr } = childProcess.spawnSync(findEngine().pulumi, ["schema", "check", schema], {
    encoding: "utf8",
    env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true", NO_COLOR: "1" },
  });
  return { code: status, output: `${stdout}${stderr}` };
}

describe("the package schema with the real engine", function () {
  this.timeout(60_000);

  it("passes the engine's check without a warning", () => {
    assert.deepEqual(check(file), { code: 0, output: "" });
  });

  it("fails the engine's check with a dangling reference", async () => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-schema-"));
    try {
      const broken = path.join(folder, "schema.json");
      const text = await fs.readFile(file, "utf8");
      assert.match(text, /#\/types\/unikernel:index:VolumeMount/);
      await fs.writeFile(broken, text.replace("#/types/unikernel:index:VolumeMount", "#/types/unikernel:index:Gone"));
      const { code, output } = check(broken);
      assert.notEqual(code, 0);
      assert.match(output, /unikernel:index:Gone/);
    } finally {
      await fs.rm(folder, { recursive: true });
    }
  });
});
