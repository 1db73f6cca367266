/** The argument list of QEMU for a VM. */
import type { VmSpec } from "../../vmm";
import { macAddressOf } from "./macAddress";
import { diskSerial, disablesAcpi } from "./commandLine";
import type { VmFiles } from "../files";
import type { KernelKind } from "./kernelKind";
import type { QemuCapabilities } from "../host/probe";

/** Id of the only network backend; host forwards are added to it at run time. */
export const NETDEV_ID = "n0";
/** Port where Unikraft leaves 41 (regular end) or 42 (crash); QEMU then exits with 2v+1. Source: Unikraft plat/kvm. */
export const DEBUG_EXIT_PORT = 0x501;

/** What an argument list is made of. */
export interface QemuArgumentsInput {
  readonly spec: VmSpec;
  readonly capabilities: Pick<QemuCapabilities, "machine" | "accelerator" | "sandbox">;
  readonly kind: KernelKind;
  readonly files: VmFiles;
  /** Absolute path of what the guest unpacks at boot; `undefined` for nothing. */
  readonly initrd: string | undefined;
  /** The kernel's command line. */
  readonly append: string;
}

/**
 * The arguments, without the program itself. Everything QEMU would add by itself is switched off; its machine is named
 * by version, since a later QEMU shall build the same one.
 */
export function qemuArguments({ spec, capabilities, kind, files, initrd, append }: QemuArgumentsInput): string[] {
  const emulated = capabilities.accelerator === "tcg";
  return [
    ...["-name", `unikernel-${spec.uuid}`, "-uuid", spec.uuid],
    ...["-machine", capabilities.machine, "-accel", capabilities.accelerator, "-cpu", cpuModel(kind, emulated)],
    ...["-m", `size=${spec.memoryMb}M`, "-smp", `cpus=${spec.vcpus},sockets=1`],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-rtc", "base=utc"],
    ...(capabilities.sandbox ? ["-sandbox", SANDBOX_OPTIONS] : []),
    ...["-kernel", spec.kernel, "-append", append, ...(initrd === undefined ? [] : ["-initrd", initrd])],
    ...["-chardev", consoleChardev(files), "-serial", "chardev:console"],
    ...["-chardev", `${socketChardev("control", files.controlSocket)},logfile=${escapeCommas(files.controlLog)}`],
    ...["-serial", "chardev:control"],
    ...["-chardev", socketChardev("qmp", files.qmpSocket), "-mon", "chardev=qmp,mode=control"],
    ...["-chardev", socketChardev("monitor", files.monitorSocket), "-mon", "chardev=monitor,mode=control"],
    ...[
      "-netdev",
      `user,id=${NETDEV_ID}`,
      "-device",
      networkDevice(kind, macAddressOf(spec.uuid), disablesAcpi(spec, emulated)),
    ],
    ...spec.disks.flatMap((disk, index) => diskArguments(index, disk.file, disk.readonly)),
    ...["-device", `isa-debug-exit,iobase=${DEBUG_EXIT_PORT},iosize=4`, "-device", "pvpanic"],
  ];
}

const SANDBOX_OPTIONS = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

/** Within an option a comma is written twice. */
const escapeCommas = (path: string): string => path.replaceAll(",", ",,");

/** The argument that names the console log: no other process has it. */
export const consoleChardev = (files: Pick<VmFiles, "consoleLog">): string =>
  `file,id=console,path=${escapeCommas(files.consoleLog)}`;

const socketChardev = (id: string, path: string): string =>
  `socket,id=${id},path=${escapeCommas(path)},server=on,wait=off`;

/** Under TCG each feature costs at boot, so Linux gets the plain model; Unikraft 0.17 and later wants RDRAND. */
function cpuModel(kind: KernelKind, emulated: boolean): string {
  if (!emulated) return "host";
  return kind === "multiboot" ? "max" : "qemu64";
}

/** No option ROM: nothing boots from the network. Without ACPI Linux finds no MSI-X and would warn about it. */
function networkDevice(kind: KernelKind, mac: string, withoutAcpi: boolean): string {
  const vectors = kind !== "multiboot" && withoutAcpi ? ",vectors=0" : "";
  return `virtio-net-pci,netdev=${NETDEV_ID},mac=${mac},romfile=${vectors}`;
}

function diskArguments(index: number, file: string, readonly: boolean): string[] {
  const name = diskSerial(index);
  const backend = { driver: "raw", "node-name": name, "read-only": readonly, file: { driver: "file", filename: file } };
  return ["-blockdev", JSON.stringify(backend), "-device", `virtio-blk-pci,drive=${name},serial=${name}`];
}
