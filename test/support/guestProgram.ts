/** Programs of the guest that are machine code: what the assembler makes of their source, and what the system makes of them. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { withTemporaryFolder } from "../../provider/base/files";

const run = promisify(execFile);
const PROGRAMS = path.resolve(__dirname, "../../provider/image/runtime/programs");

/** The code of `<name>.s`, as the assembler makes it, in hexadecimal digits. */
export const assembledCode = (name: string): Promise<string> =>
  withTemporaryFolder(async (folder) => {
    const [object, code] = [path.join(folder, "it.o"), path.join(folder, "it.bin")];
    await run("as", ["--64", "-I", PROGRAMS, "-o", object, path.join(PROGRAMS, `${name}.s`)]);
    await run("objcopy", ["-O", "binary", "-j", ".text", object, code]);
    return (await fs.readFile(code)).toString("hex");
  });

/** Writes an executable of x86-64, which it must be, and passes its path on where this machine can run it. */
export const withExecutable = (program: Uint8Array, use: (file: string) => void): Promise<void> =>
  withTemporaryFolder(async (folder) => {
    const file = path.join(folder, "it");
    await fs.writeFile(file, program, { mode: 0o755 });
    const { stdout } = await run("readelf", ["-hl", file]);
    assert.match(stdout, /EXEC[\s\S]*X86-64[\s\S]*LOAD[^\n]*\n[^\n]*R E/);
    if (process.arch === "x64") use(file); // it runs in guests of this architecture only
  });
