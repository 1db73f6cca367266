/**
 * A thousand instances on the local platform, a hundred of them asleep on the disk: what the daemon and the saved VMs take, against a daemon
 * without instances, an idle Node process, and a saved VM of QEMU alone. Every instance has the image of examples/quickstart; those that are
 * saved have booted and passed their gate. Clones would be faster, but they are not saved: their memory is a copy of their original's.
 *
 * npm run bench -- many [--declared 1000] [--saved 100] [--idle-seconds 30]
 */
import * as childProcess from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { localPaths } from "../../provider/base/localPaths";
import { onlyItem } from "../../provider/client/client";
import { connectLocalDaemon } from "../../provider/client/localDaemon";
import { readProcessUsage } from "../../provider/platform/vmm/qemu/host/usage";
import { freePort } from "../support/freePorts";
import { type LocalPlatform } from "../support/localPlatform";
import { BareSavedVm } from "./bareSavedVm";
import { type Sides, besideBareVm } from "./besideBareVm";
import type { Ratio } from "./ratios";

const MEMORY_MB = 80;
const GUEST_PORT = 8080;
/** VMs that boot at once, and that wait to be saved: enough to keep two processors busy. */
const BOOTING = 4;
const AWAKE = 24;
/** Longest wait until one more VM is saved. */
const SAVING_MS = 120_000;
/** Instances of one request. */
const BATCH = 50;
const MIB = 2 ** 20;
const POLL_MS = 200;

/** What a process takes while nothing happens. */
interface IdleUse {
  readonly residentMb: number;
  /** Milliseconds of CPU per second. */
  readonly cpuMsPerS: number;
}

export async function benchMany(args: string[]): Promise<readonly Ratio[]> {
  const { values } = parseArgs({
    args,
    options: {
      declared: { type: "string", default: "1000" },
      saved: { type: "string", default: "100" },
      "idle-seconds": { type: "string", default: "30" },
    },
  });
  const count = { declared: Number(values.declared), saved: Number(values.saved) };
  const idleMs = Number(values["idle-seconds"]) * 1000;
  return besideBareVm(MEMORY_MB, async (sides) => {
    const quotas = ["instances", "live_instances", "live_vcpus"].map((name) => `${name}=${count.declared + 1}`);
    process.env["UNIKERNEL_QUOTAS"] = [...quotas, `live_memory_mb=${(count.declared + 1) * MEMORY_MB}`].join(",");
    try {
      return await measure(sides, count, idleMs);
    } finally {
      delete process.env["UNIKERNEL_QUOTAS"];
    }
  });
}

async function measure(
  { platform, image, vm, folder }: Sides,
  count: { readonly declared: number; readonly saved: number },
  idleMs: number,
): Promise<readonly Ratio[]> {
  const bare = new BareSavedVm(vm, folder, { port: await freePort(), guestPort: GUEST_PORT });
  await bare.run("boot");
  const bareDisk = await diskBytes(folder, (name) => name.startsWith("saved."));
  const { pid } = await connectLocalDaemon({ daemonArguments: ["--stay"] });
  const [node, empty] = await Promise.all([idleUseOfNode(idleMs), idleUse(pid, idleMs)]);
  const savingS = (await timeOf(() => saveInstances(platform, image, count.saved))) / 1000;
  const declared = count.declared - count.saved;
  const beforeDeclared = await diskBytes(localPaths().stateDir);
  const batchMs = await declareInstances(platform, image, declared);
  const perDeclared = ((await diskBytes(localPaths().stateDir)) - beforeDeclared) / declared;
  const perSaved = (await diskBytes(localPaths().instancesDir)) / count.saved;
  const listMs = await timeOf(() => platform.client.getInstances({}));
  const residentOfVms = await residentMb(await platform.virtualMachines());
  const full = await idleUse(pid, idleMs);
  const mb = (bytes: number): string => (bytes / MIB).toFixed(1);
  const [first = 0, last = 0] = [batchMs[0], batchMs.at(-1)];
  const use = ({ residentMb: memory, cpuMsPerS }: IdleUse): string =>
    `${memory.toFixed(0)} MiB, ${cpuMsPerS.toFixed(1)} ms of CPU per second`;
  console.log(
    `${count.declared} instances, ${count.saved} of them saved in ${savingS.toFixed(0)} s, ${MEMORY_MB} MiB each, ${vm.accelerator}:`,
  );
  console.log(`  idle for ${idleMs / 1000} s: node              ${use(node)}`);
  console.log(`                   daemon, empty     ${use(empty)}`);
  console.log(`                   daemon, all       ${use(full)}`);
  console.log(`  memory of the saved VMs            ${residentOfVms.toFixed(0)} MiB`);
  console.log(`  disk per saved VM                  ${mb(perSaved)} MiB; bare QEMU ${mb(bareDisk)} MiB`);
  console.log(`  disk per declared instance         ${(perDeclared / 1024).toFixed(1)} KiB`);
  console.log(`  create of ${BATCH}                       first ${first.toFixed(0)} ms, last ${last.toFixed(0)} ms`);
  console.log(`  list of all                        ${listMs.toFixed(0)} ms`);
  return [
    { name: "many: disk per saved VM/bare", value: perSaved / bareDisk, target: 1.1 },
    { name: "many: memory of saved VMs/their size", value: residentOfVms / (count.saved * MEMORY_MB), target: 0 },
    { name: "many: memory of the daemon, all/empty", value: full.residentMb / empty.residentMb, target: 2 },
    { name: "many: memory of the daemon, all/idle node", value: full.residentMb / node.residentMb },
    { name: "many: CPU of the idle daemon/time", value: full.cpuMsPerS / 1000, target: 0.02 },
    { name: "many: create, last batch/first", value: last / first, target: 2 },
  ];
}

/** Boots instances, and waits until they are all saved. Throws if none of those that are awake gets saved any more. */
async function saveInstances(platform: LocalPlatform, image: string, count: number): Promise<void> {
  const services = [{ port: await freePort(), destination_port: GUEST_PORT }];
  const group = onlyItem(await platform.client.createService({ body: { name: "asleep", services } }), "Creating").uuid;
  const isFewerThan = async (most: number): Promise<void> => {
    let [least, sinceMs] = [Infinity, performance.now()];
    for (;;) {
      const awake = (await platform.virtualMachines()).length;
      if (awake < most) return;
      if (awake < least) [least, sinceMs] = [awake, performance.now()];
      if (performance.now() - sinceMs > SAVING_MS) throw new Error(`${awake} VMs are not saved; daemon.log says why`);
      await delay(POLL_MS);
    }
  };
  let next = 0;
  const boot = async (): Promise<void> => {
    while (next < count) {
      const name = `saved-${next++}`;
      await isFewerThan(AWAKE);
      const body = {
        ...{ name, image, memory_mb: MEMORY_MB, autostart: true, timeout_s: 60, service_group: { uuid: group } },
        scale_to_zero: { policy: "on", stateful: true, cooldown_time_ms: 100 } as const,
      };
      onlyItem(await platform.client.createInstance({ body }, { serverWaitMs: 60_000 }), "Creating an instance");
    }
  };
  await Promise.all(Array.from({ length: BOOTING }, boot));
  await isFewerThan(1);
  const { items } = await platform.client.getInstances({});
  const asleep = items.filter(({ state }) => state === "standby").length;
  if (asleep !== count) throw new Error(`${asleep} of ${count} instances are in standby`);
}

/** Creates instances that do not start. Returns the time of each batch, in milliseconds. */
async function declareInstances(platform: LocalPlatform, image: string, count: number): Promise<readonly number[]> {
  const batchMs: number[] = [];
  for (let made = 0; made < count; made += BATCH) {
    const replicas = Math.min(BATCH, count - made) - 1;
    const body = { name: `declared-${made}`, image, memory_mb: MEMORY_MB, replicas };
    batchMs.push(await timeOf(() => platform.client.createInstance({ body })));
  }
  return batchMs.slice(0, Math.max(1, Math.floor(count / BATCH)));
}

async function timeOf(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

async function idleUse(pid: number, idleMs: number): Promise<IdleUse> {
  const before = await readProcessUsage(pid);
  await delay(idleMs);
  const { rssBytes, cpuTimeMs } = await readProcessUsage(pid);
  return { residentMb: rssBytes / MIB, cpuMsPerS: ((cpuTimeMs - before.cpuTimeMs) * 1000) / idleMs };
}

/** What a Node process takes that listens on a port, as the daemon does, and gets no request. */
async function idleUseOfNode(idleMs: number): Promise<IdleUse> {
  const script = "require('node:http').createServer().listen(0, '127.0.0.1')";
  const child = childProcess.spawn(process.execPath, ["-e", script], { stdio: "ignore" });
  await once(child, "spawn");
  await delay(1_000);
  try {
    return await idleUse(child.pid ?? 0, idleMs);
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}

async function residentMb(pids: readonly number[]): Promise<number> {
  const uses = await Promise.all(pids.map(readProcessUsage));
  return uses.reduce((sum, { rssBytes }) => sum + rssBytes / MIB, 0);
}

/** The blocks that the files below a folder take, in bytes: holes take none. */
async function diskBytes(folder: string, isCounted: (name: string) => boolean = () => true): Promise<number> {
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && isCounted(entry.name));
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => fs.stat(path.join(parentPath, name))));
  return sizes.reduce((sum, { blocks }) => sum + blocks * 512, 0);
}
