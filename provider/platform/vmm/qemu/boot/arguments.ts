/** Builds the argument list of QEMU for a VM. */
import { shareFolderOf, type VmSpec } from "../../vmm";
import { shareTag } from "../../../../image/kernel/unikraftWords";
import { diskSerial } from "./commandLine";
import { LOGGED_EVENTS } from "../exit/eventLog";
import { ROOT_DISK_SERIAL } from "./rootDisk";
import { COMMAND_PAIRS, commandSocketsOf, type VmFiles } from "../files";
import type { KernelKind } from "../../../../image/kernel/kernelKind";
import type { QemuCapabilities } from "../host/probe";
import { cardId, networkArguments } from "../network/netdevs";

/** Input of {@link qemuArguments}. */
export interface QemuArgumentsInput {
  readonly spec: VmSpec;
  readonly capabilities: Pick<QemuCapabilities, "machine" | "accelerator" | "sandbox">;
  readonly kind: KernelKind;
  readonly files: VmFiles;
  /** Absolute path of the initrd; `undefined` for none. */
  readonly initrd: string | undefined;
  /** Absolute path of the disk with the root file system; `undefined` if the initrd has it. */
  readonly rootDisk: string | undefined;
  /** The kernel's command line. */
  readonly append: string;
  readonly memory: GuestMemory;
}

/** Where the memory of a guest is. */
export type GuestMemory =
  /** In the process alone. */
  | { readonly in: "process" }
  /** In a file of the system's memory, where a snapshot finds it. Linux only. */
  | { readonly in: "memfd" }
  /** In a file (an absolute path), which stays when QEMU ends. */
  | { readonly in: "file"; readonly file: string }
  /** In a file that others use, too, and that stays as it is: the process has its own copy of every page that the guest writes to. */
  | { readonly in: "snapshot"; readonly file: string };

/**
 * The arguments, without the program itself. All default devices are off, and the machine type includes its version, so
 * that a newer QEMU builds the same machine.
 */
export function qemuArguments(input: QemuArgumentsInput): string[] {
  const { spec, capabilities, kind, files, initrd, rootDisk, append, memory } = input;
  return [
    ...["-name", `unikernel-${spec.uuid}`, "-uuid", spec.uuid],
    ...machineArguments(machineOf(capabilities, kind), spec, memory),
    ...["-accel", capabilities.accelerator, "-cpu", cpuModel(kind, capabilities.accelerator === "tcg")],
    ...["-m", `size=${spec.memoryMb}M`, "-smp", `cpus=${spec.vcpus},sockets=1`],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-rtc", "base=utc"],
    ...(capabilities.sandbox ? ["-sandbox", SANDBOX_OPTIONS] : []),
    ...["-kernel", spec.kernel, "-append", append, ...(initrd === undefined ? [] : ["-initrd", initrd])],
    ...["-chardev", consoleChardev(files), "-serial", "chardev:console"],
    ...["-chardev", `${socketChardev("control", files.controlSocket)},${controlLogOptions(files)}`],
    ...["-serial", "chardev:control"],
    ...["-chardev", socketChardev("qmp", files.qmpSocket), "-mon", "chardev=qmp,mode=control"],
    ...["-chardev", socketChardev("monitor", files.monitorSocket), "-mon", "chardev=monitor,mode=control"],
    ...networkArguments(spec.network, files),
    ...spec.network.interfaces.flatMap(({ mac }, index) => [
      "-device",
      `virtio-net-pci,netdev=${cardId(index)},mac=${mac},romfile=`, // no option ROM: nothing boots from the network
    ]),
    ...(rootDisk === undefined ? [] : diskArguments(ROOT_DISK_SERIAL, rootDisk, true)),
    ...spec.disks.flatMap((disk, index) =>
      kind === "multiboot"
        ? shareArguments(shareTag(index), shareFolderOf(disk.file), disk.readonly)
        : diskArguments(diskSerial(index), disk.file, disk.readonly),
    ),
    ...(kind === "multiboot" ? [] : commandArguments(files)),
    // No isa-debug-exit: Unikraft writes to it before pvpanic, and QEMU then ends without an event that tells why.
    ...["-device", "pvpanic"],
    ...["-D", files.eventLog, ...LOGGED_EVENTS.flatMap((event) => ["-trace", `enable=${event}`])],
  ];
}

/** Arguments of a VM that waits, paused, for the saved state of its devices. They follow those that the saved VM was started with. */
export const RESTORE_ARGUMENTS: readonly string[] = ["-S", "-incoming", "defer"];

/** Linux needs no HPET to keep time, and boots faster without one. */
const machineOf = ({ machine }: Pick<QemuCapabilities, "machine">, kind: KernelKind): string =>
  kind === "multiboot" ? machine : `${machine},hpet=off`;

/** QEMU leaves memory in a shared file out of the state that it saves, and expects it there when it loads that. */
function machineArguments(machine: string, { memoryMb }: VmSpec, memory: GuestMemory): string[] {
  if (memory.in === "process") return ["-machine", machine];
  const size = `id=ram,size=${memoryMb}M`;
  const backend =
    memory.in === "memfd"
      ? `memory-backend-memfd,${size},share=on`
      : `memory-backend-file,${size},mem-path=${escapeCommas(memory.file)},share=${memory.in === "file" ? "on" : "off"}`;
  return ["-object", backend, "-machine", `${machine},memory-backend=ram`];
}

const SANDBOX_OPTIONS = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

/** QEMU splits options at commas; a literal comma is written twice. */
export const escapeCommas = (path: string): string => path.replaceAll(",", ",,");

/** The argument with the path of the console log. No other process has it, so it identifies the VM's process. */
export const consoleChardev = (files: Pick<VmFiles, "consoleLog">): string =>
  `file,id=console,path=${escapeCommas(files.consoleLog)},append=on`;

/** Like the console log it goes on when a saved VM is restored. */
const controlLogOptions = ({ controlLog }: Pick<VmFiles, "controlLog">): string =>
  `logfile=${escapeCommas(controlLog)},logappend=on`;

const socketChardev = (id: string, path: string): string =>
  `socket,id=${id},path=${escapeCommas(path)},server=on,wait=off`;

/** Under TCG each CPU feature costs boot time, so Linux gets the plain model. Unikraft 0.17 and later needs RDRAND. */
function cpuModel(kind: KernelKind, emulated: boolean): string {
  if (!emulated) return "host";
  return kind === "multiboot" ? "max" : "qemu64";
}

/** Ports for commands, two for each of a pair; see `provider/image/runtime/execScript.ts`. Port 0 would be a console. */
function commandArguments(files: VmFiles): string[] {
  const sockets = Array.from({ length: COMMAND_PAIRS }, (_, index) => commandSocketsOf(files, index));
  const ports = sockets.flatMap(({ data, errors }) => [data, errors]);
  return [
    ...["-device", `virtio-serial-pci,id=commands,max_ports=${2 * COMMAND_PAIRS + 1}`],
    ...ports.flatMap((socket, index) => [
      ...["-chardev", socketChardev(`command${index}`, socket)],
      ...["-device", `virtserialport,bus=commands.0,nr=${index + 1},chardev=command${index}`],
    ]),
  ];
}

function diskArguments(name: string, file: string, readonly: boolean): string[] {
  const backend = { driver: "raw", "node-name": name, "read-only": readonly, file: { driver: "file", filename: file } };
  return ["-blockdev", JSON.stringify(backend), "-device", `virtio-blk-pci,drive=${name},serial=${name}`];
}

/** Owners and permissions that the guest sets are kept in extended attributes, since this user may not set them. */
function shareArguments(tag: string, folder: string, readonly: boolean): string[] {
  const options = `security_model=mapped-xattr${readonly ? ",readonly=on" : ""}`;
  return [
    ...["-fsdev", `local,id=${tag},path=${escapeCommas(folder)},${options}`],
    ...["-device", `virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`],
  ];
}
