/**
 * A saved VM of QEMU alone, with its memory in a file: what wake-ups from the disk are compared with. Its clock is set by the same
 * exchange with the guest before the first request, because a guest whose clock is wrong has not been woken.
 */
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ControlPort } from "../../provider/platform/vmm/qemu/agent/controlPort";
import { QmpClient } from "../../provider/platform/vmm/qemu/qmpClient";
import { fileExists } from "../../provider/base/files";
import { httpGet } from "../support/loadGenerator";
import type { BareVm } from "./bareVm";

/** Timeout of one attempt of the client. Longer ones would hit the slow retransmissions of QEMU's user network. */
const ATTEMPT_MS = 1000;
const POLL_MS = 2;

/** One VM, which runs only while it is measured. */
export class BareSavedVm {
  readonly #vm: BareVm;
  readonly #folder: string;
  readonly #url: string;
  readonly #args: readonly string[];

  constructor(vm: BareVm, folder: string, { port, guestPort }: { readonly port: number; readonly guestPort: number }) {
    this.#vm = vm;
    this.#folder = folder;
    this.#url = `http://127.0.0.1:${port}/`;
    // The control port is the second serial port, the last argument.
    const [machineOption = "", machine = "", ...rest] = vm.args.with(-1, "chardev:control");
    const memoryMb = /^(\d+)M$/.exec(rest[rest.indexOf("-m") + 1] ?? "")?.[1] ?? "";
    this.#args = [
      ...["-object", `memory-backend-file,id=ram,size=${memoryMb}M,mem-path=${this.#file("ram")},share=on`],
      ...[machineOption, `${machine},memory-backend=ram`, ...rest],
      ...["-netdev", `user,id=n0,hostfwd=tcp:127.0.0.1:${port}-:${guestPort}`],
      ...["-device", "virtio-net-pci,netdev=n0,romfile="],
      ...[
        "-chardev",
        `socket,id=control,path=${this.#file("control")},server=on,wait=off,logfile=${this.#file("log")}`,
      ],
      ...["-qmp", `unix:${this.#file("qmp")},server=on,wait=off`],
    ];
  }

  /** Boots and saves it, or wakes and saves it. Returns the milliseconds from its start to its first response. */
  async run(from: "boot" | "disk"): Promise<number> {
    for (const name of ["qmp", "control", "log"]) await fs.rm(this.#file(name), { force: true });
    const start = performance.now();
    const args = from === "disk" ? [...this.#args, "-S", "-incoming", "defer"] : this.#args;
    const child = childProcess.spawn(this.#vm.qemu, args, { stdio: ["ignore", "ignore", "inherit"] });
    const exited = new Promise((resolve) => child.once("exit", resolve));
    try {
      while (!(await fileExists(this.#file("qmp")))) await delay(POLL_MS);
      const qmp = await QmpClient.connect(this.#file("qmp"));
      const control = await ControlPort.connect({
        controlSocket: this.#file("control"),
        controlLog: this.#file("log"),
      });
      if (from === "disk") {
        await this.#migrate(qmp, "migrate-incoming", `exec:cat ${this.#file("state")}`);
        await qmp.execute("cont");
        await control.clock.set();
      }
      await this.#firstResponse();
      const tookMs = performance.now() - start;
      control.close();
      await qmp.execute("stop");
      await this.#migrate(qmp, "migrate", `exec:cat > ${this.#file("state")}`);
      await qmp.execute("quit");
      return tookMs;
    } finally {
      await Promise.race([exited, delay(3000)]);
      child.kill("SIGKILL");
      await exited;
    }
  }

  async #migrate(qmp: QmpClient, command: "migrate" | "migrate-incoming", uri: string): Promise<void> {
    await qmp.execute("migrate-set-capabilities", { capabilities: [{ capability: "x-ignore-shared", state: true }] });
    await qmp.execute(command, { uri });
    while (((await qmp.execute("query-migrate")) as { status?: string }).status !== "completed") await delay(POLL_MS);
  }

  async #firstResponse(): Promise<void> {
    const attempt = () => httpGet(this.#url, { agent: false, timeout: ATTEMPT_MS }).catch(() => undefined);
    while ((await attempt()) === undefined) await delay(POLL_MS);
  }

  #file(name: string): string {
    return path.join(this.#folder, `saved.${name}`);
  }
}
