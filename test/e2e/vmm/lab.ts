/** Real QEMU and the real guest in temporary folders, with nothing left at the end. */
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { localPaths } from "../../../provider/base/localPaths";
import { writeCpio } from "../../../provider/image/cpio/write";
import { type RootfsFormat, packTree } from "../../../provider/image/pack/packTree";
import type { FileTree } from "../../../provider/image/rootfs/tree";
import { getOrBuildLinuxRuntime } from "../../../provider/image/runtime/linuxRuntime";
import { plainNetwork } from "../../support/vmNetwork";
import { parseIpv4 } from "../../../provider/base/ipv4";
import type { VmInterface } from "../../../provider/platform/network/addresses";
import { PrivateNetwork } from "../../../provider/platform/network/privateNetwork";
import { QemuVmm } from "../../../provider/platform/vmm/qemu/qemu";
import type { Vm, VmSpec } from "../../../provider/platform/vmm/vmm";

const run = promisify(execFile);

/** The folders for the VMs of a suite. */
export class Lab {
  readonly folder: string;
  readonly vmm: QemuVmm;
  readonly network = new PrivateNetwork();
  readonly #kernel: string;
  readonly #initrd: string;
  readonly #base: FileTree;
  /** The same root file system as an EROFS image. */
  readonly erofs: string;
  readonly #vms: Vm[] = [];
  #count = 0;

  private constructor(folder: string, kernel: string, initrd: string, base: FileTree) {
    this.folder = folder;
    this.#kernel = kernel;
    this.#initrd = initrd;
    this.#base = base;
    this.erofs = path.join(folder, "rootfs.erofs");
    this.vmm = this.newVmm();
  }

  static async open(): Promise<Lab> {
    const runtime = await getOrBuildLinuxRuntime({ folder: localPaths().runtimesDir, onProgress: () => undefined });
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-vmm-"));
    const initrd = path.join(folder, "initrd.cpio");
    const page = { type: "file", mode: 0o644, content: { bytes: Buffer.from("hello from the guest\n") } } as const;
    const tree = new Map([...runtime.baseTree, ["www/index.html", page] as const]);
    await writeCpio(tree, initrd);
    const lab = new Lab(folder, runtime.kernelFile, initrd, new Map([...tree, ...runtime.erofsFiles]));
    await packTree(lab.#base, "erofs", { file: lab.erofs });
    return lab;
  }

  get paths(): { readonly runDir: string; readonly instancesDir: string; readonly cacheDir: string } {
    const folder = (name: string): string => path.join(this.folder, name);
    return { runDir: folder("run"), instancesDir: folder("instances"), cacheDir: folder("cache") };
  }

  /** Packs the guest's own files and more of them into an image; its path. */
  async pack(more: FileTree, format: RootfsFormat): Promise<string> {
    const file = path.join(this.folder, `image-${++this.#count}.${format}`);
    await packTree(new Map([...this.#base, ...more]), format, { file });
    return file;
  }

  /** A VMM that knows only what is on disk, like that of a new daemon. */
  newVmm(): QemuVmm {
    return new QemuVmm(this.paths);
  }

  spec(args: readonly string[], more: Partial<VmSpec> = {}): VmSpec {
    const uuid = `${(++this.#count).toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`;
    const network = plainNetwork(`172.16.1.${this.#count}`);
    const plain = {
      hostname: "guest",
      env: {},
      memoryMb: 128,
      vcpus: 1,
      disks: [],
      roms: [],
      annotations: {},
      isSavable: false,
    };
    return { uuid, kernel: this.#kernel, initrd: this.#initrd, args, network, ...plain, ...more };
  }

  /** A shell script as the guest's program; the rest are its `$1`, `$2`, … */
  script(text: string, more: Partial<VmSpec> = {}, ...args: string[]): VmSpec {
    return this.spec(["sh", "-c", text, "sh", ...args], more);
  }

  async start(spec: VmSpec): Promise<Vm> {
    return this.keep(await this.vmm.start(spec), spec);
  }

  /** Connects a VM to the networks, and registers it so that `close` ends it. */
  keep(vm: Vm, spec: VmSpec): Vm {
    const card = ({ ip, prefixLength }: VmInterface, index: number) => ({
      ...{ network: index === 0 ? "default" : `network ${index}`, ip: parseIpv4(ip) },
      ...{ subnet: { address: parseIpv4(ip), prefixLength }, gateway: undefined, routes: [] },
    });
    const { uuid, hostname: name, network } = spec;
    const state = { hostname: name, mayReachHost: false, state: "up", wake: () => undefined } as const;
    this.network.add({ uuid, name, interfaces: network.interfaces.map(card), ...state });
    this.network.plug(uuid, vm);
    this.#vms.push(vm);
    return vm;
  }

  /** The console as the program wrote it: the terminal turns line ends into CR LF. */
  async console(spec: VmSpec): Promise<string> {
    return (await fs.readFile(this.vmm.consoleLogPath(spec.uuid), "utf8")).replaceAll("\r\n", "\n");
  }

  /** Waits until the program has written the text. */
  async untilConsole(spec: VmSpec, expected: RegExp): Promise<void> {
    while (!expected.test(await this.console(spec))) await delay(20);
  }

  /** An empty ext4 file system. */
  async disk(name: string): Promise<string> {
    const file = path.join(this.folder, name);
    await fs.writeFile(file, "");
    await fs.truncate(file, 16 * 1024 * 1024);
    await run("mke2fs", ["-q", "-F", "-t", "ext4", file], { env: { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` } });
    return file;
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

/** Body of a page of the guest. */
export async function fetchText(vm: Vm, guestPort: number, page = "/"): Promise<string> {
  const socket = await vm.connect(guestPort, { timeoutMs: 30_000, signal: AbortSignal.timeout(60_000) });
  if (socket === undefined) throw new Error("The guest does not accept connections.");
  return new Promise((resolve, reject) => {
    const request = http.get({ createConnection: () => socket, path: page }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => resolve(body)).on("error", reject);
    });
    request.on("error", reject);
  });
}

/** Probes until the guest's port responds. */
export async function waitForResponse(vm: Vm, guestPort: number): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  while (!(await vm.probePort(guestPort, signal)));
}
