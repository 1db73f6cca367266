/**
 * A rolling update of a fleet whose gate passes at once, against bare boots of the same VM: without overhead it would take the boots of
 * all members, `maxSurge` at a time. Also the latency under load during it, and what clients see when a fleet is deleted and created
 * again instead, as plain providers do.
 *
 * npm run bench -- rollout [--replicas 10] [--surge 1] [--rate 50]
 */
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { allItems } from "../../provider/client/client";
import { putGoGuest } from "../support/goGuest";
import { freePort } from "../support/freePorts";
import { LocalPlatform, eventually } from "../support/localPlatform";
import { RollingProcess } from "../support/rollingProcess";
import { type LoadResult, SteadyLoad } from "../support/steadyLoad";
import { bootBareVm, prepareBareVm } from "./bareVm";
import type { Ratio } from "./ratios";

const MEMORY_MB = 128;
const GUEST_PORT = 8080;
/** Highest 95th percentile during a rollout above that without one. Milliseconds. */
const MAX_ADDED_MS = 10;
const IDLE_MS = 10_000;

const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
}

async function underLoad(port: number, rate: number, work: () => Promise<unknown>): Promise<LoadResult> {
  const load = new SteadyLoad(`http://127.0.0.1:${port}/`, rate);
  await work();
  return load.stop();
}

const describeLoad = ({ requests, outcomes, p95Ms, gapMs }: LoadResult): string =>
  `${requests} requests ${JSON.stringify(outcomes)}, p95 ${p95Ms.toFixed(1)} ms, longest time without a response ${gapMs.toFixed(0)} ms`;

export async function benchRollout(args: string[]): Promise<readonly Ratio[]> {
  const options = { replicas: { type: "string", default: "10" }, surge: { type: "string", default: "1" } } as const;
  const { values } = parseArgs({ args, options: { ...options, rate: { type: "string", default: "50" } } });
  const [replicas, surge, rate] = [Number(values.replicas), Number(values.surge), Number(values.rate)];
  const platform = await LocalPlatform.open();
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-bench-"));
  try {
    const image = `go-server@${await putGoGuest({ guest: "goServer", repository: "go-server" })}`;
    const vm = await prepareBareVm(image, MEMORY_MB, folder);
    const bareBoots = async (): Promise<void> => {
      for (let left = replicas; left > 0; left -= surge) {
        const ports = await Promise.all(Array.from({ length: Math.min(left, surge) }, () => freePort()));
        await Promise.all(ports.map((port) => bootBareVm(vm, { port, guestPort: GUEST_PORT })));
      }
    };
    const port = await freePort();
    await using stack = new RollingProcess("bench");
    let version = 0;
    let id: string | undefined;
    const roll = async (): Promise<void> => {
      const template = { image, memoryMb: MEMORY_MB, env: { VERSION: String((version += 1)) } };
      const rollout = { maxSurge: surge, stableForMs: 0, gate: { path: "/", port: GUEST_PORT } };
      const program = { name: "web", ports: [{ port, destinationPort: GUEST_PORT }], replicas, template, rollout };
      const reply = await stack.roll({ ...(id === undefined ? {} : { id }), program });
      if (reply.code !== undefined) throw new Error(reply.message);
      id = reply.id;
    };
    const replaceEverything = async (): Promise<void> => {
      const { items } = await platform.client.getInstances({});
      allItems(await platform.client.deleteInstances({ body: items.map(({ uuid }) => ({ uuid })) }), "Deleting all");
      const body = { image, memory_mb: MEMORY_MB, autostart: true, service_group: { uuid: id ?? "" } };
      await Promise.all(items.map(() => platform.client.createInstance({ body })));
      await eventually("one serves", async () => (await fetch(`http://127.0.0.1:${port}/`)).ok);
    };

    await roll();
    const bareMs = [await timed(bareBoots)];
    const rollMs = [await timed(roll)];
    bareMs.push(await timed(bareBoots));
    rollMs.push(await timed(roll));
    const idle = await underLoad(port, rate, () => delay(IDLE_MS));
    const booting = await underLoad(port, rate, bareBoots);
    const rolling = await underLoad(port, rate, roll);
    const replacing = await underLoad(port, rate, replaceEverything);

    const [bare, rolled] = [Math.min(...bareMs), Math.min(...rollMs)];
    console.log(`Rollout of ${replicas}, ${surge} more at a time, ${vm.accelerator}:`);
    console.log(`  bare boots, ${surge} at a time   ${inSeconds(bare)}`);
    console.log(`  rollout                  ${inSeconds(rolled)}`);
    console.log(`  load without a rollout   ${describeLoad(idle)}`);
    console.log(`  load during bare boots   ${describeLoad(booting)}`);
    console.log(`  load during a rollout    ${describeLoad(rolling)}`);
    console.log(`  all deleted and created  ${describeLoad(replacing)}`);
    return [
      { name: `rollout: ${replicas} members/bare boots`, value: rolled / bare, target: 1.3 },
      {
        name: `rollout: added p95 latency/${MAX_ADDED_MS} ms`,
        value: Math.max(0, rolling.p95Ms - idle.p95Ms) / MAX_ADDED_MS,
        target: 1,
      },
      {
        name: "rollout: longest time without a response/all deleted and created",
        value: rolling.gapMs / replacing.gapMs,
      },
    ];
  } finally {
    await fs.rm(folder, { recursive: true });
    await platform.close();
  }
}
