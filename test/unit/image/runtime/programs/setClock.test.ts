import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { SET_CLOCK_CODE, setClockProgram } from "../../../../../provider/image/runtime/programs/setClock";

const run = promisify(execFile);
const SOURCE = path.resolve(__dirname, "../../../../../provider/image/runtime/programs/setClock.s");

describe("the program that sets a guest's clock", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-set-clock-"));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  it("is the code that the assembler makes of its source", async () => {
    const [object, code] = [path.join(folder, "set.o"), path.join(folder, "set.bin")];
    await run("as", ["--64", "-o", object, SOURCE]);
    await run("objcopy", ["-O", "binary", "-j", ".text", object, code]);
    assert.equal((await fs.readFile(code)).toString("hex"), Buffer.from(SET_CLOCK_CODE).toString("hex"));
  });

  it("is an executable of x86-64 that refuses what is no time", async () => {
    const file = path.join(folder, "set-clock");
    await fs.writeFile(file, setClockProgram(), { mode: 0o755 });
    const { stdout } = await run("readelf", ["-hl", file]);
    assert.match(stdout, /EXEC[\s\S]*X86-64[\s\S]*LOAD[^\n]*\n[^\n]*R E/);
    if (process.arch !== "x64") return; // it runs in guests of this architecture only
    const EINVAL = 22;
    for (const args of [[], [""], ["0"], ["now"], ["-1"]]) assert.equal(spawnSync(file, args).status, EINVAL);
  });
});
