/** The argument list of QEMU for a VM. */
import type { VmSpec } from "../../vmm";
import { macAddressOf } from "./macAddress";
import { diskSerial, savesAcpi } from "./commandLine";
import type { VmFiles } from "../files";
import type { KernelKind } from "./kernelKind";
import type { QemuFacts } from "../host/probe";

/** Id of the only network backend; host forwards are added to it at run time. */
export const NETDEV = "n0";
/** Port where Unikraft leaves 41 (regular end) or 42 (crash); QEMU then exits with 2v+1. Source: Unikraft plat/kvm. */
export const DEBUG_EXIT_PORT = 0x501;

/** What an argument list is made of. */
export interface ArgumentsInput {
  readonly spec: VmSpec;
  readonly facts: Pick<QemuFacts, "machine" | "accelerator" | "sandbox">;
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
export function qemuArguments({ spec, facts, kind, files, initrd, append }: ArgumentsInput): string[] {
  const emulated = facts.accelerator === "tcg";
  return [
    ...["-name", `unikernel-${spec.uuid}`, "-uuid", spec.uuid],
    ...["-machine", facts.machine, "-accel", facts.accelerator, "-cpu", cpuOf(kind, emulated)],
    ...["-m", `size=${spec.memoryMb}M`, "-smp", `cpus=${spec.vcpus},sockets=1`],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-rtc", "base=utc"],
    ...(facts.sandbox ? ["-sandbox", SANDBOX] : []),
    ...["-kernel", spec.kernel, "-append", append, ...(initrd === undefined ? [] : ["-initrd", initrd])],
    ...["-chardev", consoleDevice(files), "-serial", "chardev:console"],
    ...["-chardev", `${socket("control", files.controlSocket)},logfile=${commas(files.controlLog)}`],
    ...["-serial", "chardev:control"],
    ...["-chardev", socket("qmp", files.qmpSocket), "-mon", "chardev=qmp,mode=control"],
    ...["-chardev", socket("monitor", files.monitorSocket), "-mon", "chardev=monitor,mode=control"],
    ...[
      "-netdev",
      `user,id=${NETDEV}`,
      "-device",
      networkCard(kind, macAddressOf(spec.uuid), savesAcpi(spec, emulated)),
    ],
    ...spec.disks.flatMap((disk, index) => diskArguments(index, disk.file, disk.readonly)),
    ...["-device", `isa-debug-exit,iobase=${DEBUG_EXIT_PORT},iosize=4`, "-device", "pvpanic"],
  ];
}

const SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

/** Within an option a comma is written twice. */
const commas = (path: string): string => path.replaceAll(",", ",,");

/** The argument that names the console log: no other process has it. */
export const consoleDevice = (files: Pick<VmFiles, "consoleLog">): string =>
  `file,id=console,path=${commas(files.consoleLog)}`;

const socket = (id: string, path: string): string => `socket,id=${id},path=${commas(path)},server=on,wait=off`;

/** Under TCG each feature costs at boot, so Linux gets the plain model; Unikraft 0.17 and later wants RDRAND. */
function cpuOf(kind: KernelKind, emulated: boolean): string {
  if (!emulated) return "host";
  return kind === "multiboot" ? "max" : "qemu64";
}

/** No option ROM: nothing boots from the network. Without ACPI Linux finds no MSI-X and would warn about it. */
function networkCard(kind: KernelKind, mac: string, withoutAcpi: boolean): string {
  const vectors = kind !== "multiboot" && withoutAcpi ? ",vectors=0" : "";
  return `virtio-net-pci,netdev=${NETDEV},mac=${mac},romfile=${vectors}`;
}

function diskArguments(index: number, file: string, readonly: boolean): string[] {
  const name = diskSerial(index);
  const backend = { driver: "raw", "node-name": name, "read-only": readonly, file: { driver: "file", filename: file } };
  return ["-blockdev", JSON.stringify(backend), "-device", `virtio-blk-pci,drive=${name},serial=${name}`];
}
