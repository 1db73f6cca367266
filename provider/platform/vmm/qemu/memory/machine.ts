/**
 * How a VM that can be saved was started. A saved VM is restored with the same arguments by the same QEMU: the order and the
 * addresses of its devices are part of what is saved.
 */
import * as fs from "node:fs/promises";
import * as z from "zod";
import { digestOf } from "../../../../base/digest";
import { writeFileAtomic } from "../../../../base/files";
import type { VmSpec } from "../../vmm";
import { escapeCommas } from "../boot/arguments";
import type { VmFiles } from "../files";
import type { QemuCapabilities } from "../host/probe";
import type { MemoryFiles } from "./files";

const machine = z.object({
  /** Version of QEMU, such as `7.2.22`. */
  qemuVersion: z.string(),
  /** Arguments of QEMU. Those of a Unikraft kernel may hold secrets. */
  args: z.array(z.string()),
  /** Run folder of the daemon that started the VM; the arguments name sockets in it. */
  runFolder: z.string(),
  /** {@link specDigest} of the VM. */
  spec: z.string(),
});
/** See {@link saveMachine}. */
export type Machine = z.infer<typeof machine>;

/** Options of QEMU whose values name sockets. */
const SOCKET_OPTIONS = ["-chardev", "-netdev"];

/**
 * The arguments with all sockets in another run folder: that of the daemon which saved the VM may be gone, as `/run/user/<uid>` is after a
 * logout. Pure.
 */
export const argumentsIn = ({ args, runFolder }: Pick<Machine, "args" | "runFolder">, other: string): string[] =>
  args.map((arg, index) =>
    SOCKET_OPTIONS.includes(args[index - 1] ?? "")
      ? arg.replace(`path=${escapeCommas(runFolder)}/`, () => `path=${escapeCommas(other)}/`)
      : arg,
  );

/** Digest of everything that a VM is started from. Pure. */
export const specDigest = (spec: VmSpec): string =>
  digestOf(
    JSON.stringify(spec, (_key, value: unknown) =>
      value instanceof Map ? [...(value as Map<string, unknown>)] : value,
    ),
  );

/** How a VM of this QEMU is restored that is started with these arguments. Pure. */
export const machineOf = (
  spec: VmSpec,
  started: {
    readonly capabilities: Pick<QemuCapabilities, "version">;
    readonly files: Pick<VmFiles, "runFolder">;
    readonly args: readonly string[];
  },
): Machine => ({
  qemuVersion: started.capabilities.version,
  args: [...started.args],
  runFolder: started.files.runFolder,
  spec: specDigest(spec),
});

/** Records how a VM is started (0600). Throws file system errors. */
export const saveMachine = (files: MemoryFiles, started: Machine): Promise<void> =>
  writeFileAtomic(files.machine, JSON.stringify(started), 0o600);

/** How the VM was started; `undefined` if that is not recorded: then its memory is in no file. */
export async function loadMachine(files: MemoryFiles): Promise<Machine | undefined> {
  try {
    return machine.safeParse(JSON.parse(await fs.readFile(files.machine, "utf8"))).data;
  } catch {
    return undefined;
  }
}
