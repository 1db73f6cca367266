/**
 * Kills the daemon, VMs or both at random moments of random operations, rolls included, on real processes, and checks after each that
 * nothing is lost, runs twice or is left over.
 */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { localPaths } from "../../provider/base/localPaths";
import type { InstanceItem } from "../../provider/contract/models";
import { writeCpio } from "../../provider/image/cpio/write";
import { openLayout } from "../../provider/image/oci/layout";
import { getOrBuildLinuxRuntime } from "../../provider/image/runtime/linuxRuntime";
import { freePort } from "../support/freePorts";
import { findProcessesOf, type LocalPlatform } from "../support/localPlatform";
import { type RandomSource, seededRandom } from "../support/seededRandom";

/** What dies. */
const VICTIMS = ["daemon", "VM", "daemon and VMs"] as const;
export type Victim = (typeof VICTIMS)[number];
/** What is under way. `roll`: one replica after the other is replaced, new before old. */
const OPERATIONS = ["create", "start", "stop", "suspend", "restart", "delete", "roll", "nothing"] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What a kill led to. */
export interface KillOutcome {
  readonly operation: Operation;
  readonly victim: Victim;
  /** Everything that is wrong; empty if nothing is. */
  readonly harm: readonly string[];
}

/** At most so long from the begin of an operation to the kill. */
const MAX_DELAY_MS = 1_500;
/** A boot takes 20 s where other work takes the processors. */
const SETTLE_TIMEOUT_MS = 90_000;
/** Instances at the same time. */
const LIMIT = 3;
const IMAGE = "page";

/** Stores an image with a web server. */
async function putImage(folder: string): Promise<void> {
  const runtime = await getOrBuildLinuxRuntime({ folder: localPaths().runtimesDir, onProgress: () => undefined });
  const initrd = path.join(folder, "initrd.cpio");
  await writeCpio(runtime.baseTree, initrd);
  await openLayout(localPaths().imagesDir).putImage({
    repository: IMAGE,
    platform: { os: "linux", architecture: "x86_64" },
    config: { cmd: ["httpd", "-f", "-p", "8080", "-h", "/"], env: {}, labels: {} },
    kernel: { file: runtime.kernelFile },
    initrd: { file: initrd },
  });
  await fs.rm(initrd);
}

/** What to kill. */
export interface PlatformSoak {
  readonly kills: number;
  readonly seed: number;
  /** Receives a line per kill. */
  readonly print: (line: string) => void;
  /** Ends the soak after the current kill. */
  readonly signal?: AbortSignal;
}

/** Creates the service, kills as often as asked, deletes everything, and checks that nothing is left. Returns what each kill led to. */
export async function runPlatformKills(
  platform: LocalPlatform,
  { kills, seed, print, signal }: PlatformSoak,
): Promise<readonly KillOutcome[]> {
  const { client } = platform;
  await putImage(platform.folder);
  const port = await freePort();
  const name = "web";
  const { items } = await client.createService({ body: { name, services: [{ port, destination_port: 8080 }] } });
  const run = new PlatformKills(platform, items[0]?.uuid ?? "", seed);
  const outcomes: KillOutcome[] = [];
  for (let index = 0; index < kills && signal?.aborted !== true; index++) {
    const outcome = await run.kill();
    outcomes.push(outcome);
    const { operation, victim, harm } = outcome;
    print(`${index}: ${operation}, ${victim}: ${harm.length === 0 ? "ok" : harm.join("; ")}`);
  }
  const left = (await client.getInstances({})).items.map(({ uuid = "" }) => ({ uuid }));
  if (left.length > 0) await client.deleteInstances({ body: left }, { serverWaitMs: 30_000 });
  await client.deleteServices({ body: [{ name }] });
  await openLayout(localPaths().imagesDir).remove(IMAGE);
  await platform.assertNothingLeft([port]);
  return outcomes;
}

/** What is done to a platform, and what was last confirmed of its instances. */
class PlatformKills {
  readonly #platform: LocalPlatform;
  readonly #random: RandomSource;
  readonly #service: string;
  /** Instances whose create was confirmed, and whose delete was not requested. */
  readonly #expected = new Set<string>();
  /** Instances that may or may not exist, because nobody got a response. They are deleted before the next kill. */
  readonly #unsure = new Set<string>();
  #count = 0;

  constructor(platform: LocalPlatform, service: string, seed: number) {
    this.#platform = platform;
    this.#service = service;
    this.#random = seededRandom(seed);
  }

  /** Performs one kill. */
  async kill(): Promise<KillOutcome> {
    const [operation, victim] = [this.#pick(OPERATIONS), this.#pick(VICTIMS)];
    const running = this.#perform(operation).catch(() => undefined); // it loses its daemon
    await delay(this.#random() * MAX_DELAY_MS);
    await this.#killVictim(victim);
    await running;
    const harm = await this.#settle();
    for (const name of [...this.#unsure]) await this.#delete(name);
    return { operation, victim, harm };
  }

  #pick<T>(from: readonly T[]): T {
    const one = from[Math.floor(this.#random() * from.length)];
    if (one === undefined) throw new Error("There is nothing to choose from.");
    return one;
  }

  async #killVictim(victim: Victim): Promise<void> {
    const daemon = victim === "VM" ? [] : [await this.#platform.daemonPid()];
    const all = victim === "daemon" ? [] : await this.#platform.virtualMachines();
    const vms = victim === "VM" && all.length > 0 ? [this.#pick(all)] : all;
    for (const pid of [...daemon, ...vms]) {
      try {
        if (pid !== undefined) process.kill(pid, "SIGKILL");
      } catch {
        // it has just ended
      }
    }
  }

  async #perform(operation: Operation): Promise<void> {
    const { client } = this.#platform;
    const known = [...this.#expected];
    if (operation === "create" || known.length === 0) return void (await this.#create());
    const name = this.#pick(known);
    const body = [{ name }];
    switch (operation) {
      case "start":
        return void (await client.startInstances({ body }));
      case "stop":
        return void (await client.stopInstances({ body: [{ name, drain_timeout_ms: 500 }] }));
      case "suspend":
        return void (await client.suspendInstances({ body }));
      case "restart":
        await client.stopInstances({ body: [{ name, force: true }] });
        return void (await client.startInstances({ body }));
      case "delete":
        return this.#delete(name);
      case "roll":
        for (const old of known) {
          await this.#create();
          await this.#delete(old);
        }
        return;
      case "nothing":
        return;
    }
  }

  async #create(): Promise<void> {
    if (this.#expected.size >= LIMIT) await this.#delete(this.#pick([...this.#expected]));
    const name = `vm-${++this.#count}`;
    this.#unsure.add(name);
    const body = {
      ...{ name, image: IMAGE, memory_mb: 128, autostart: true, service_group: { uuid: this.#service } },
      restart_policy: "on-failure" as const,
    };
    const { items } = await this.#platform.client.createInstance({ body });
    if (items[0]?.status !== "success") return;
    this.#unsure.delete(name);
    this.#expected.add(name);
  }

  async #delete(name: string): Promise<void> {
    this.#expected.delete(name);
    this.#unsure.add(name);
    await this.#platform.client.deleteInstances({ body: [{ name }] }, { serverWaitMs: 10_000 });
    this.#unsure.delete(name);
  }

  /** Waits until a daemon runs and nothing changes any more, and says what is wrong then. */
  async #settle(): Promise<readonly string[]> {
    const deadline = performance.now() + SETTLE_TIMEOUT_MS;
    for (;;) {
      const harm = await this.#findHarm();
      if (harm.length === 0 || performance.now() > deadline) return harm;
      await delay(200);
    }
  }

  async #findHarm(): Promise<readonly string[]> {
    const { items } = await this.#platform.client.getInstances({});
    const vms = (await findProcessesOf(this.#platform.folder)).filter(({ command }) => command.includes("qemu-system"));
    const ofInstance = ({ uuid = "" }: InstanceItem) => vms.filter(({ command }) => command.includes(uuid));
    const names = items.map(({ name = "" }) => name);
    return [
      ...[...this.#expected].filter((name) => !names.includes(name)).map((name) => `lost ${name}`),
      ...names
        .filter((name) => !this.#expected.has(name) && !this.#unsure.has(name))
        .map((name) => `left over ${name}`),
      ...names.filter((name, index) => names.indexOf(name) < index).map((name) => `twice ${name}`),
      ...items.flatMap((item) => harmOf(item, ofInstance(item).length)),
      ...vms
        .filter(({ command }) => !items.some(({ uuid = "?" }) => command.includes(uuid)))
        .map(({ pid }) => `orphan ${pid}`),
    ];
  }
}

/** What is wrong with one instance and the number of its VMs, once it has come to rest. */
function harmOf({ name = "", state = "stopped", snapshot, restart }: InstanceItem, vms: number): readonly string[] {
  if (vms > 1) return [`${name} runs ${vms} times`];
  if (state === "running" || (state === "stopped" && snapshot !== undefined))
    return vms === 1 ? [] : [`${name} is ${state} without a VM`];
  if (state === "stopped") {
    if (vms > 0) return [`${name} is stopped with a VM`];
    // The delay before a restart grows to minutes when one instance is killed again and again: longer than a check waits.
    const isOverdue = restart?.next_at !== undefined && Date.parse(restart.next_at) <= Date.now();
    return isOverdue ? [`${name} was not restarted at ${restart.next_at}`] : [];
  }
  return [`${name} stays ${state}`];
}
