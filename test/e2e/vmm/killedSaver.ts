/** A daemon that is killed while it saves or wakes a VM. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import type { Vm, VmSpec } from "../../../provider/platform/vmm/vmm";
import type { Lab } from "./lab";

/** Hands a paused or saved VM to a process, which is killed during the work. Returns the VM that the next daemon finds. */
export async function killDuring(
  lab: Lab,
  { vm, spec }: { readonly vm: Vm; readonly spec: VmSpec },
  work: "save" | "wake",
  killAfterMs: number,
): Promise<Vm> {
  vm.disconnect();
  const input = JSON.stringify({ paths: lab.paths, spec, work, killAfterMs });
  const script = path.join(__dirname, "saver.ts");
  const child = spawn(process.execPath, ["-r", "tsx/cjs", script, input], { stdio: "inherit" });
  await once(child, "close");
  const found = (await lab.newVmm().adopt(spec)) ?? assert.fail("the VM is lost");
  return lab.keep(found, spec);
}
