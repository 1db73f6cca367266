/** Assembles small multiboot kernels that stand in for Unikraft's, which cannot be installed from a package registry. */
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const RUNTIME = path.join(__dirname, "../fixtures/guests/multiboot/runtime.s");

/** Assembles and links a kernel whose `main` is these lines of assembly and macros of the runtime; its path. */
export async function assembleKernel(folder: string, name: string, main: readonly string[]): Promise<string> {
  const file = (ending: string): string => path.join(folder, `${name}.${ending}`);
  await fs.writeFile(file("s"), [`.include "${RUNTIME}"`, "main:", ...main, "ret", ""].join("\n"));
  await run("as", ["--32", "-o", file("o"), file("s")]);
  await run("ld", ["-m", "elf_i386", "-N", "--no-warn-rwx-segments", "-Ttext=0x100000", "-o", file("elf"), file("o")]);
  return file("elf");
}
