/** Starts a VM in a separate process, prints its process id, and stays until it is killed. */
import { QemuVmm } from "../../../provider/platform/vmm/qemu/qemu";
import type { VmSpec } from "../../../provider/platform/vmm/vmm";

const input = JSON.parse(process.argv[2] ?? "") as {
  paths: { runDir: string; instancesDir: string; cacheDir: string };
  spec: VmSpec;
};
void new QemuVmm(input.paths).start(input.spec).then((vm) => {
  process.stdout.write(`${vm.pid}\n`);
  setInterval(() => undefined, 60_000);
});
