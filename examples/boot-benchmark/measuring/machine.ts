/** What the figures depend on: this machine, its VMM, and the memory that VMs take. */
import * as fs from "node:fs/promises";
import * as os from "node:os";
import type { Machine } from "../report/rows";
import type { LocalApi } from "./localApi";

const MIB = 2 ** 20;

/** The machine and the accelerator that its VMs really run with. */
export async function describeMachine(api: Pick<LocalApi, "versions">): Promise<Machine> {
  const { accelerator = "unknown", qemu = "unknown" } = await api.versions();
  return {
    accelerator,
    vmm: `QEMU ${qemu}`,
    cpu: os.cpus()[0]?.model.trim() ?? "unknown",
    cpus: os.availableParallelism(),
    hostMemoryMib: Math.round(os.totalmem() / MIB),
    hostKernel: `${os.type()} ${/^[\d.]+/.exec(os.release())?.[0] ?? os.release()}`, // without the name of a build
  };
}

/** Means over instances, in MiB. `pssMib` is `undefined` on systems other than Linux. */
export interface MemoryUse {
  readonly rssMib: number | undefined;
  readonly pssMib: number | undefined;
}

/** Memory of the VMs of instances: what the platform reports, and their proportional share according to the kernel. */
export async function memoryOf(api: Pick<LocalApi, "residentBytes">, uuids: readonly string[]): Promise<MemoryUse> {
  const resident = await api.residentBytes();
  const processes = await processesByUuid(uuids);
  const shares = await Promise.all([...processes.values()].map(proportionalMib));
  return {
    rssMib: mean(uuids.map((uuid) => (resident.get(uuid) ?? 0) / MIB)),
    pssMib: mean(shares.filter((share) => share !== undefined)),
  };
}

const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Process ids of QEMU by the uuid that is on its command line. */
async function processesByUuid(uuids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const entries = await fs.readdir("/proc").catch(() => []);
  for (const pid of entries.filter((name) => /^\d+$/.test(name))) {
    const command = await fs.readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "");
    if (!/^[^\0]*qemu-system/.test(command)) continue;
    const uuid = uuids.find((one) => command.includes(one));
    if (uuid !== undefined) found.set(uuid, pid);
  }
  return found;
}

async function proportionalMib(pid: string): Promise<number | undefined> {
  const text = await fs.readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  const kib = /^Pss:\s+(\d+) kB/m.exec(text)?.[1];
  return kib === undefined ? undefined : Number(kib) / 1024;
}
