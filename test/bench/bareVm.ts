/** A VM of QEMU alone, with the kernel, initrd, machine and memory that the local platform would use: what boots are compared with. */
import * as childProcess from "node:child_process";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { localPaths } from "../../provider/base/localPaths";
import { extractLayer } from "../../provider/image/oci/layer";
import { openLayout } from "../../provider/image/oci/layout";
import { buildCommandLine } from "../../provider/platform/vmm/qemu/boot/commandLine";
import { probeQemu } from "../../provider/platform/vmm/qemu/host/probe";
import type { VmNetwork } from "../../provider/platform/network/addresses";
import { httpGet } from "../support/loadGenerator";

/** How to start one. */
export interface BareVm {
  readonly qemu: string;
  readonly accelerator: string;
  readonly args: readonly string[];
}

/** Source: QEMU, "Using the user mode network stack"; the hardware address is QEMU's default. */
const DEFAULT_USER_NETWORK: VmNetwork = {
  ...{ subnet: "10.0.2.0/24", gateway: "10.0.2.2", nameserver: "10.0.2.3" },
  interfaces: [{ ip: "10.0.2.15", prefixLength: 24, mac: "52:54:00:12:34:56", gateway: undefined, routes: [] }],
};
/** Timeout of one attempt of the client. Longer ones would hit the slow retransmissions of QEMU's user network. */
const ATTEMPT_MS = 100;

/**
 * Unpacks an image of the local platform.
 *
 * @param image reference with a digest
 * @param folder receives the files
 */
export async function prepareBareVm(image: string, memoryMb: number, folder: string): Promise<BareVm> {
  const stored = await openLayout(localPaths().imagesDir).resolve(image);
  if (stored?.kernel === undefined || stored.initrd === undefined)
    throw new Error("the image has no kernel or no initrd");
  const [kernel, initrd] = [path.join(folder, "kernel"), path.join(folder, "initrd")];
  await extractLayer(stored.kernel, kernel);
  await extractLayer(stored.initrd, initrd);
  const { file, machine, accelerator } = await probeQemu(localPaths().cacheDir);
  const isEmulated = accelerator === "tcg";
  const spec = {
    ...{ uuid: "bench", hostname: "bench", kernel, initrd, args: stored.cmd, env: stored.env },
    ...{ memoryMb, vcpus: 1, disks: [], roms: [], annotations: {}, isSavable: false, network: DEFAULT_USER_NETWORK },
  };
  // Without an archive appended to its initrd, the guest reads everything from its command line.
  const { append, file: guestPart = "" } = buildCommandLine(spec, undefined);
  const args = [
    ...["-machine", `${machine},hpet=off`, "-accel", accelerator, "-cpu", isEmulated ? "qemu64" : "host"],
    ...["-m", `${memoryMb}M`, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...[
      "-kernel",
      kernel,
      "-initrd",
      initrd,
      "-append",
      `${append} ${guestPart}`,
      "-serial",
      "null",
      "-serial",
      "null",
    ],
  ];
  return { qemu: file, accelerator, args };
}

/** Boots one, and ends it after its first response. Returns the time to that, in milliseconds. */
export async function bootBareVm(
  { qemu, args }: BareVm,
  { port, guestPort }: { readonly port: number; readonly guestPort: number },
): Promise<number> {
  const start = performance.now();
  const network = `user,id=n0,hostfwd=tcp:127.0.0.1:${port}-:${guestPort}`;
  const child = childProcess.spawn(
    qemu,
    [...args, "-netdev", network, "-device", "virtio-net-pci,netdev=n0,romfile="],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const exited = new Promise((resolve) => child.once("exit", resolve));
  try {
    for (;;) {
      const response = await httpGet(`http://127.0.0.1:${port}/`, { agent: false, timeout: ATTEMPT_MS }).catch(
        () => undefined,
      );
      if (response !== undefined) return performance.now() - start;
      if (child.exitCode !== null) throw new Error(`QEMU exited with ${child.exitCode}`);
      await delay(5);
    }
  } finally {
    child.kill("SIGKILL");
    await exited;
  }
}
