/** Saves or wakes a VM in a separate process, which kills itself after some milliseconds of that. */
import { QemuVmm } from "../../../provider/platform/vmm/qemu/qemu";
import type { VmSpec } from "../../../provider/platform/vmm/vmm";

const input = JSON.parse(process.argv[2] ?? "") as {
  paths: { runDir: string; instancesDir: string; cacheDir: string };
  spec: VmSpec;
  work: "save" | "wake";
  killAfterMs: number;
};

async function work(): Promise<void> {
  const vm = await new QemuVmm(input.paths).adopt(input.spec);
  if (vm === undefined) throw new Error("there is no VM");
  setTimeout(() => process.kill(process.pid, "SIGKILL"), input.killAfterMs);
  if (input.work === "wake") {
    await vm.resume();
    return;
  }
  await vm.pause();
  await vm.save(new AbortController().signal);
}
void work().then(() => setInterval(() => undefined, 60_000));
