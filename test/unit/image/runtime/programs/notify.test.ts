import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { NOTIFY_CODE, notifyProgram } from "../../../../../provider/image/runtime/programs/notify";

const run = promisify(execFile);
const SOURCE = path.resolve(__dirname, "../../../../../provider/image/runtime/programs/notify.s");

describe("the program that warns a guest's program before standby", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-notify-"));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  it("is the code that the assembler makes of its source", async () => {
    const [object, code] = [path.join(folder, "notify.o"), path.join(folder, "notify.bin")];
    await run("as", ["--64", "-o", object, SOURCE]);
    await run("objcopy", ["-O", "binary", "-j", ".text", object, code]);
    assert.equal((await fs.readFile(code)).toString("hex"), Buffer.from(NOTIFY_CODE).toString("hex"));
  });

  it("is an executable of x86-64 that fails where no program listens", async () => {
    const file = path.join(folder, "notify");
    await fs.writeFile(file, notifyProgram(), { mode: 0o755 });
    const { stdout } = await run("readelf", ["-hl", file]);
    assert.match(stdout, /EXEC[\s\S]*X86-64[\s\S]*LOAD[^\n]*\n[^\n]*R E/);
    if (process.arch !== "x64") return; // it runs in guests of this architecture only
    const { status } = spawnSync(file); // the error depends on what this machine has of vsock
    assert.ok(status !== null && status > 0, `status ${status}`);
  });
});
