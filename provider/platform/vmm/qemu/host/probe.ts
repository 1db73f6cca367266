/**
 * Probes the capabilities of this machine's QEMU. The accelerator is chosen by a timed run of guest code, because `/dev/kvm` may
 * exist and still hang or be far too slow.
 */
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import * as z from "zod";
import { digestOf } from "../../../../base/digest";
import { environmentVariable } from "../../../../base/config/environment";
import { UnikernelError } from "../../../../base/errors";
import { exec } from "../../../../base/exec";
import { createFolder, writeFileAtomic } from "../../../../base/files";
import { findQemu } from "./findQemu";
import { bootId } from "../../../../base/processIdentity";
import { runQemu } from "./process";

const Accelerator = z.enum(["kvm", "hvf", "tcg"]);
/** What executes guest code: hardware (`kvm`, `hvf`) or emulation (`tcg`). */
export type Accelerator = z.infer<typeof Accelerator>;

const qemuCapabilities = z.object({
  file: z.string(),
  /** Such as `7.2.22`. */
  version: z.string(),
  /** The newest q35 machine by its versioned name, such as `pc-q35-7.2`. */
  machine: z.string(),
  accelerator: Accelerator,
  /** QEMU was built with seccomp, so `-sandbox` is available. */
  sandbox: z.boolean(),
});
/** What a QEMU binary can do on this machine. */
export type QemuCapabilities = z.infer<typeof qemuCapabilities>;

/** Loop count that takes a working accelerator milliseconds and a broken one seconds. */
const PROBE_LOOPS = 5_000_000;
const PROBE_TIMEOUT_MS = 400;
/**
 * isa-debug-exit turns a written value v into exit status 2v+1; the probe writes 0x31. Source: QEMU,
 * hw/misc/debugexit.c.
 */
const PROBE_PASSED = 0x31 * 2 + 1;
const FIRMWARE_BYTES = 65_536;

/**
 * A firmware image that counts down and then writes 0x31 to I/O port 0xF4: `mov ecx,N; dec ecx; jnz; mov al,0x31;
 * out 0xF4,al; hlt; jmp`, entered by a jump from the reset vector.
 */
export function probeFirmware(): Buffer {
  const image = Buffer.alloc(FIRMWARE_BYTES, 0xf4);
  const code = Buffer.from([0x66, 0xb9, 0, 0, 0, 0, 0x66, 0x49, 0x75, 0xfc, 0xb0, 0x31, 0xe6, 0xf4, 0xf4, 0xeb, 0xfd]);
  code.writeUInt32LE(PROBE_LOOPS, 2);
  code.copy(image, 0);
  Buffer.from([0xe9, 0x0d, 0x00]).copy(image, 0xfff0);
  return image;
}

/** True when guest code runs on this accelerator fast enough. */
async function isAcceleratorUsable(file: string, accelerator: Accelerator): Promise<boolean> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-probe-"));
  try {
    const firmware = path.join(folder, "probe.bin");
    await fs.writeFile(firmware, probeFirmware());
    const args = `-M q35 -accel ${accelerator} -cpu host -m 16 -nodefaults -no-user-config -display none -no-reboot
      -device isa-debug-exit,iobase=0xf4,iosize=4`.split(/\s+/);
    const end = await runQemu(file, [...args, "-bios", firmware], PROBE_TIMEOUT_MS);
    return end.code === PROBE_PASSED;
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

/** The accelerator that `UNIKERNEL_ACCEL` sets, otherwise that of the host if it works, otherwise TCG. */
async function chooseAccelerator(file: string): Promise<Accelerator> {
  const requested = environmentVariable("UNIKERNEL_ACCEL");
  if (requested !== undefined) {
    const known = Accelerator.safeParse(requested);
    if (known.success) return known.data;
    throw new UnikernelError("CONFIG_INVALID", `UNIKERNEL_ACCEL is '${requested}', which is not an accelerator.`, {
      hint: "Set it to kvm, hvf or tcg, or unset it.",
    });
  }
  const native = os.arch() !== "x64" ? undefined : os.platform() === "darwin" ? "hvf" : "kvm";
  return native !== undefined && (await isAcceleratorUsable(file, native)) ? native : "tcg";
}

/** Versioned name of the newest q35 machine in the output of `-machine help`, which the alias `q35` refers to. */
export function newestQ35(machineHelp: string): string | undefined {
  return /^q35\s.*\(alias of (\S+)\)/m.exec(machineHelp)?.[1];
}

/** The version in the output of `-version`. */
export function parseVersion(text: string): string | undefined {
  return /version (\d+\.\d+\.\d+)/.exec(text)?.[1];
}

async function queryQemu(file: string, ...args: string[]): Promise<string> {
  const result = await exec(file, args).catch((cause: unknown) => {
    throw new UnikernelError("QEMU_MISSING", `'${file}' cannot be executed.`, {
      hint: "Reinstall QEMU, or set UNIKERNEL_QEMU to its path.",
      cause,
    });
  });
  return result.stdout;
}

async function probeCapabilities(file: string): Promise<QemuCapabilities> {
  const [version, machines, help, accelerator] = await Promise.all([
    queryQemu(file, "-version"),
    queryQemu(file, "-machine", "help"),
    queryQemu(file, "-help"),
    chooseAccelerator(file),
  ]);
  const machine = newestQ35(machines);
  const number = parseVersion(version);
  if (machine === undefined || number === undefined) {
    throw new UnikernelError("QEMU_MISSING", `'${file}' is not a QEMU for x86-64 with the machine type q35.`, {
      hint: "Install QEMU 7.2 or newer, or set UNIKERNEL_QEMU to its path.",
    });
  }
  return { file, version: number, machine, accelerator, sandbox: /^-sandbox /m.test(help) };
}

/**
 * The capabilities of this machine's QEMU. The first call after a boot takes about half a second; the result is cached in
 * `folder` under the boot id, `UNIKERNEL_ACCEL`, and the binary's path, size and modification time.
 *
 * Throws `QEMU_MISSING`, `CONFIG_INVALID` (`UNIKERNEL_ACCEL`).
 */
export async function probeQemu(folder: string): Promise<QemuCapabilities> {
  const file = findQemu();
  const { size, mtimeMs } = await fs.stat(file);
  const key = digestOf(
    JSON.stringify([await bootId(), file, size, mtimeMs, environmentVariable("UNIKERNEL_ACCEL") ?? ""]),
  );
  const cache = path.join(folder, `qemu-${key.slice(7, 23)}.json`);
  const cached = await fs.readFile(cache, "utf8").then(parseCapabilities, () => undefined);
  if (cached !== undefined) return cached;
  const capabilities = await probeCapabilities(file);
  await createFolder(folder);
  await writeFileAtomic(cache, JSON.stringify(capabilities));
  return capabilities;
}

function parseCapabilities(text: string): QemuCapabilities | undefined {
  try {
    return qemuCapabilities.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
