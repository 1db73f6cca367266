/** Real QEMU and small kernels that the test assembles, with nothing left at the end. */
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { plainNetwork } from "../../support/vmNetwork";
import { QemuVmm } from "../../../provider/platform/vmm/qemu/qemu";
import type { Vm, VmSpec } from "../../../provider/platform/vmm/vmm";
import { assembleKernel } from "../../support/multibootKernel";

/** The folders for the VMs of a suite. */
export class KernelLab {
  readonly folder: string;
  readonly vmm: QemuVmm;
  readonly #vms: Vm[] = [];
  #count = 0;

  private constructor(folder: string) {
    this.folder = folder;
    this.vmm = this.newVmm();
  }

  static async open(): Promise<KernelLab> {
    return new KernelLab(await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-kernels-")));
  }

  /** A VMM that knows only what is on disk, like that of a new daemon. */
  newVmm(): QemuVmm {
    const folder = (name: string): string => path.join(this.folder, name);
    return new QemuVmm({ runDir: folder("run"), instancesDir: folder("instances"), cacheDir: folder("cache") });
  }

  /** An instance of a kernel with these lines as its `main`. */
  async assembled(main: readonly string[], more: Partial<VmSpec> = {}): Promise<VmSpec> {
    return this.spec(await assembleKernel(this.folder, `kernel-${this.#count}`, main), more);
  }

  spec(kernel: string, more: Partial<VmSpec> = {}): VmSpec {
    const uuid = `${(++this.#count).toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`;
    const network = plainNetwork(`172.16.1.${this.#count}`);
    const plain = {
      hostname: "guest",
      env: {},
      memoryMb: 16,
      vcpus: 1,
      disks: [],
      roms: [],
      annotations: {},
      isSavable: false,
    };
    return { uuid, kernel, initrd: undefined, args: [], network, ...plain, ...more };
  }

  async start(spec: VmSpec): Promise<Vm> {
    return this.keep(await this.vmm.start(spec));
  }

  /** Registers a VM that `close` ends. */
  keep(vm: Vm): Vm {
    this.#vms.push(vm);
    return vm;
  }

  async console(spec: VmSpec): Promise<string> {
    return (await fs.readFile(this.vmm.consoleLogPath(spec.uuid), "utf8")).replaceAll("\r\n", "\n");
  }

  /** Waits until the kernel has written the text. */
  async untilConsole(spec: VmSpec, expected: RegExp): Promise<string> {
    for (;;) {
      const console = await this.console(spec);
      if (expected.test(console)) return console;
      await delay(20);
    }
  }

  /** The arguments of the VM's process. */
  async processArguments(vm: Vm): Promise<string[]> {
    return (await fs.readFile(`/proc/${vm.pid}/cmdline`, "utf8")).split("\0");
  }

  /** Waits until the process is gone, for a VM from which the test has disconnected. */
  async untilGone(vm: Vm): Promise<void> {
    while ((await fs.stat(`/proc/${vm.pid}`).catch(() => undefined)) !== undefined) {
      const state = await fs.readFile(`/proc/${vm.pid}/stat`, "utf8").catch(() => "");
      if (/\) Z /.test(state)) return;
      await delay(20);
    }
  }

  /** Ends what runs and removes every file. */
  async close(): Promise<void> {
    for (const vm of this.#vms) {
      try {
        if (vm.pid !== undefined) process.kill(vm.pid, "SIGKILL");
      } catch {
        // it has ended
      }
      vm.disconnect();
    }
    await fs.rm(this.folder, { recursive: true, force: true });
  }
}
