/**
 * Instances made of a template that keeps the memory of its guest, against as many that boot the same image, one after the other in one
 * run: time from the request that creates one to its first byte, and memory of each (its proportional share, PSS) with all of them running.
 *
 * npm run bench -- clones [--count 20]
 */
import * as fs from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { onlyItem } from "../../provider/client/client";
import { freePort } from "../support/freePorts";
import { type LocalPlatform } from "../support/localPlatform";
import { httpGet } from "../support/loadGenerator";
import { besideBareVm, describeTimes, median } from "./besideBareVm";
import type { Ratio } from "./ratios";

const MEMORY_MB = 128;
const GUEST_PORT = 8080;
/** What a freshly started guest writes to its memory it has written by then. */
const SETTLE_MS = 2_000;

type Source = { readonly image: string } | { readonly template: { readonly name: string } };

/** Creates an instance with a port of its own. Returns its uuid, and how long its first byte took. */
async function create(
  platform: LocalPlatform,
  source: Source,
): Promise<{ readonly uuid: string; readonly ms: number }> {
  const port = await freePort();
  const service_group = { services: [{ port, destination_port: GUEST_PORT }] };
  const memory = "image" in source ? { memory_mb: MEMORY_MB } : {};
  const start = performance.now();
  const body = { ...source, ...memory, autostart: true, service_group };
  const { uuid } = onlyItem(await platform.client.createInstance({ body }), "Creating an instance");
  await httpGet(`http://127.0.0.1:${port}/`);
  return { uuid, ms: performance.now() - start };
}

/** Mean proportional memory of the VMs, in MiB. */
async function meanPssMib(platform: LocalPlatform): Promise<number> {
  const pids = await platform.virtualMachines();
  let kib = 0;
  for (const pid of pids) {
    const text = await fs.readFile(`/proc/${pid}/smaps_rollup`, "utf8");
    kib += Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? NaN);
  }
  return kib / pids.length / 1024;
}

/** Creates `count` instances, measures them, and deletes them. */
async function measure(platform: LocalPlatform, source: Source, count: number) {
  const uuids: string[] = [];
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const { uuid, ms } = await create(platform, source);
    uuids.push(uuid);
    times.push(ms);
  }
  await delay(SETTLE_MS);
  const pssMib = await meanPssMib(platform);
  for (const uuid of uuids) onlyItem(await platform.client.deleteInstances({ body: [{ uuid }] }), "Deleting it");
  return { times, pssMib };
}

export async function benchClones(args: string[]): Promise<readonly Ratio[]> {
  const { values } = parseArgs({ args, options: { count: { type: "string", default: "20" } } });
  const count = Number(values.count);
  return besideBareVm(MEMORY_MB, async ({ platform, image, vm }) => {
    const { uuid } = await create(platform, { image });
    const { items } = await platform.client.createTemplates({ body: [{ uuid, timeout_s: 60 }] });
    const name = items[0]?.name ?? "";
    const booted = await measure(platform, { image }, count);
    const cloned = await measure(platform, { template: { name } }, count);
    await platform.client.deleteTemplates({ body: [{ uuid }] });
    const describe = ({ times, pssMib }: typeof booted): string =>
      `${describeTimes(times)}; ${pssMib.toFixed(0)} MiB each`;
    console.log(`${count} instances, create to first byte one after the other, ${vm.accelerator}:`);
    console.log(`  booted   ${describe(booted)}`);
    console.log(`  cloned   ${describe(cloned)}`);
    return [
      { name: "clones: cloned/booted, median time", value: median(cloned.times) / median(booted.times), target: 0.15 },
      { name: "clones: cloned/booted, memory", value: cloned.pssMib / booted.pssMib, target: 0.4 },
    ];
  });
}
