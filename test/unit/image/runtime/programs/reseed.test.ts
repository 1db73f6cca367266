import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { RESEED_CODE, reseedProgram } from "../../../../../provider/image/runtime/programs/reseed";

const run = promisify(execFile);
const SOURCE = path.resolve(__dirname, "../../../../../provider/image/runtime/programs/reseed.s");

describe("the program that gives a guest's kernel entropy", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-reseed-"));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  it("is the code that the assembler makes of its source", async () => {
    const [object, code] = [path.join(folder, "reseed.o"), path.join(folder, "reseed.bin")];
    await run("as", ["--64", "-o", object, SOURCE]);
    await run("objcopy", ["-O", "binary", "-j", ".text", object, code]);
    assert.equal((await fs.readFile(code)).toString("hex"), Buffer.from(RESEED_CODE).toString("hex"));
  });

  it("is an executable of x86-64 that refuses what is no seed", async () => {
    const file = path.join(folder, "reseed");
    await fs.writeFile(file, reseedProgram(), { mode: 0o755 });
    const { stdout } = await run("readelf", ["-hl", file]);
    assert.match(stdout, /EXEC[\s\S]*X86-64[\s\S]*LOAD[^\n]*\n[^\n]*R E/);
    if (process.arch !== "x64") return; // it runs in guests of this architecture only
    const EINVAL = 22;
    const seed = "0123456789abcdef".repeat(4);
    for (const args of [[], [""], ["0"], [seed.slice(1)], [`${seed}0`], [`g${seed.slice(1)}`], [seed.toUpperCase()]])
      assert.equal(spawnSync(file, args).status, EINVAL);
  });
});
