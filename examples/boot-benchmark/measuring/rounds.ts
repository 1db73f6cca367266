/** The measurement: one instance after the other is killed and started again, while all others run. */
import { once } from "node:events";
import * as net from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { Outcome } from "../report/rows";
import { timeToFirstByte } from "./firstByte";
import type { InstanceItem, LocalApi } from "./localApi";
import { seededChoices } from "./random";

/** An instance that the stack declares. */
export interface Declared {
  /** Name of its Pulumi resource. */
  readonly name: string;
  readonly uuid: string;
  /** Its published port. */
  readonly port: number;
}

/** What to measure. */
export interface RoundOptions {
  readonly instances: readonly Declared[];
  /** Template that the instances are clones of; `undefined`: they boot. */
  readonly template: string | undefined;
  /** Port that the program in the guest listens on. */
  readonly guestPort: number;
  readonly rounds: number;
  readonly seed: number;
  /** Longest wait for a first byte. */
  readonly timeoutMs: number;
  /** Pause before each round, in which the machine comes to rest. */
  readonly pauseMs: number;
  /** Ends the measurement after the current round. */
  readonly signal: AbortSignal;
}

/** One start. Times in milliseconds. */
export interface Round {
  readonly round: number;
  readonly instance: string;
  readonly outcome: Outcome;
  readonly bootMs: number | undefined;
  readonly reachableMs: number | undefined;
  readonly firstByteMs: number | undefined;
}

type Api = Pick<LocalApi, "instance" | "kill" | "start" | "clone" | "delete">;

/**
 * Measures the rounds one after the other: chooses an instance, kills it, waits until its VM is gone, starts the clock, asks for the
 * start, and waits for the first byte. A start without a first byte in time is a round too, or slow starts would improve the figures.
 *
 * An instance that was a clone has the memory of its original only once, so it would boot at its next start. A new clone takes its place
 * until the end; then the clones are deleted and the instances that they stood for are started, as the stack declares them.
 *
 * Throws what the API says, and if a clone booted instead.
 */
export async function* measureRounds(api: Api, options: RoundOptions): AsyncGenerator<Round> {
  const { instances, rounds, seed, timeoutMs, pauseMs, signal } = options;
  const choose = seededChoices(seed);
  /** Uuid of a declared instance → the clone in its place. */
  const clones = new Map<string, string>();
  try {
    for (let round = 1; round <= rounds && !signal.aborted; round++) {
      const chosen = instances[choose(instances.length)];
      if (chosen === undefined) return;
      await delay(pauseMs);
      await end(api, chosen, clones);
      const next = await prepareStart(api, chosen, options, round);
      const since = performance.now();
      const starting = next.start();
      const [uuid, firstByteMs] = await Promise.all([starting, timeToFirstByte(next.port, since, timeoutMs)]);
      if (uuid !== chosen.uuid) clones.set(chosen.uuid, uuid);
      yield { round, instance: chosen.name, ...timesOf(await api.instance(uuid), firstByteMs) };
    }
  } finally {
    for (const clone of clones.values()) await api.delete(clone);
    for (const declared of clones.keys()) await api.start(declared);
  }
}

/** Ends what runs in the place of an instance. */
async function end(api: Api, { uuid }: Declared, clones: Map<string, string>): Promise<void> {
  const clone = clones.get(uuid);
  if (clone === undefined) return api.kill(uuid);
  await api.kill(clone);
  await api.delete(clone);
  clones.delete(uuid);
}

/** Returns the request that starts the instance, or a clone in its place, and the port at which that responds. */
async function prepareStart(api: Api, { name, uuid, port }: Declared, options: RoundOptions, round: number) {
  const { template, guestPort } = options;
  if (template === undefined) return { port, start: () => api.start(uuid).then(() => uuid) };
  const own = await freePort();
  const ports = { port: own, guestPort };
  return { port: own, start: () => api.clone(`${name}-round-${round}`, template, ports) };
}

/** A port of this machine that nobody listens on. */
async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Throws if the clone booted. */
function timesOf(item: InstanceItem, firstByteMs: number | undefined): Omit<Round, "round" | "instance"> {
  if (item.memory_notice !== undefined) throw new Error(`'${item.name}' is no clone, it booted: ${item.memory_notice}`);
  if (firstByteMs === undefined)
    return { outcome: "timeout", bootMs: undefined, reachableMs: undefined, firstByteMs: undefined };
  const toMs = (us: number | undefined): number | undefined => (us === undefined || us === 0 ? undefined : us / 1000);
  return { outcome: "ok", bootMs: toMs(item.boot_time_us), reachableMs: toMs(item.net_time_us), firstByteMs };
}
