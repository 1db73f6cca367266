/** Ways into a VM: forwards of its user network, added while it runs, and probes through them. */
import * as net from "node:net";
import { UnikernelError } from "../../../base/errors";
import { systemClock } from "../../../base/clock";
import type { Endpoint } from "../vmm";
import { NETDEV_ID } from "./boot/arguments";
import type { QmpClient } from "./qmpClient";
import { parseForwards, parseUsernet } from "./usernet";

const HOST = "127.0.0.1";
/** A probe is given up after this; slirp doubles its pauses between SYNs, so a fresh one is quicker. */
const PROBE_TIMEOUT_MS = 1000;
/** First pause between two looks at a probe; grows to ten times as much. */
const PROBE_POLL_MS = 4;

/** Host forwards of one VM. */
export class HostForwards {
  readonly #qmp: QmpClient;
  readonly #endpoints = new Map<number, Promise<Endpoint>>();
  /** Ports of probes: they go when these have their answer. */
  readonly #probes = new Set<number>();
  /** What is being added finds its port by comparing lists, so one at a time. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(qmp: QmpClient) {
    this.#qmp = qmp;
  }

  /** The forward to `guestPort`: the one there is (an earlier daemon may have made it), else a new one. */
  endpointFor(guestPort: number): Promise<Endpoint> {
    const known = this.#endpoints.get(guestPort);
    if (known !== undefined) return known;
    const made = this.#enqueue(async () => {
      const forwards = parseForwards(await this.#usernet());
      const existing = forwards.find((line) => line.guestPort === guestPort && !this.#probes.has(line.hostPort));
      return { host: HOST, port: existing?.hostPort ?? (await this.#add(guestPort)) };
    });
    this.#endpoints.set(guestPort, made);
    made.catch(() => this.#endpoints.delete(guestPort));
    return made;
  }

  /**
   * One probe: QEMU accepts at once whatever the guest does, so its list of connections tells what the guest answered.
   * The probe has a forward of its own, hence the only connection on that host port is this one.
   */
  async probePort(guestPort: number, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const port = await this.#enqueue(async () => {
      const added = await this.#add(guestPort);
      this.#probes.add(added);
      return added;
    });
    const socket = net.connect({ host: HOST, port });
    let refused = false;
    socket.on("error", () => (refused = true)).on("close", () => (refused = true));
    socket.on("end", () => (refused = true)).resume();
    try {
      const deadline = performance.now() + PROBE_TIMEOUT_MS;
      for (let pause = PROBE_POLL_MS; !refused && performance.now() < deadline; pause = Math.min(pause * 2, 40)) {
        await systemClock.sleep(pause, signal);
        const lines = parseUsernet(await this.#usernet()).filter((line) => line.hostPort === port);
        if (lines.some((line) => line.state === "ESTABLISHED")) return true;
      }
      return false;
    } finally {
      socket.destroy();
      await this.#qmp.humanMonitorCommand(`hostfwd_remove ${NETDEV_ID} tcp:${HOST}:${port}`).catch(() => undefined); // gone with the VM
      this.#probes.delete(port);
    }
  }

  #usernet(): Promise<string> {
    return this.#qmp.humanMonitorCommand("info usernet");
  }

  /** Adds a forward on a free port of QEMU's choice (port 0) and returns the port. */
  async #add(guestPort: number): Promise<number> {
    const before = new Set(parseForwards(await this.#usernet()).map((line) => line.hostPort));
    const output = await this.#qmp.humanMonitorCommand(`hostfwd_add ${NETDEV_ID} tcp:${HOST}:0-:${guestPort}`);
    const added = parseForwards(await this.#usernet()).find((line) => !before.has(line.hostPort));
    if (added?.guestPort === guestPort) return added.hostPort;
    throw new UnikernelError("VMM_FAILED", `QEMU could not forward to the guest's port ${guestPort}: ${output.trim()}`);
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}
