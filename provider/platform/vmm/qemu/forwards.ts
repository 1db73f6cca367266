/** Connections into a VM: host forwards of its user network, and readiness probes. */
import * as net from "node:net";
import { UnikernelError } from "../../../base/errors";
import { systemClock } from "../../../base/clock";
import type { Endpoint } from "../vmm";
import { NETDEV_ID } from "./boot/arguments";
import type { QmpClient } from "./qmpClient";
import { parseForwards, parseUsernet } from "./usernet";

const HOST = "127.0.0.1";
/** Limit of one probe. slirp doubles its pauses between SYNs, so after this a new probe is faster than waiting. */
const PROBE_TIMEOUT_MS = 1000;
/** First pause between two checks of a probe; it doubles up to `PROBE_POLL_MAX_MS`. */
const PROBE_POLL_MS = 4;
const PROBE_POLL_MAX_MS = 40;

/** The host forwards of one VM, which are added while it runs. */
export class HostForwards {
  readonly #qmp: QmpClient;
  readonly #endpoints = new Map<number, Promise<Endpoint>>();
  /** Host ports of probes that are running; their forwards are removed afterwards. */
  readonly #probes = new Set<number>();
  /** Forwards are added one at a time, because the port of a new one is found by comparing two lists. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(qmp: QmpClient) {
    this.#qmp = qmp;
  }

  /**
   * The forward to `guestPort`: an existing one, which an earlier daemon may have added, or a new one. Throws
   * `VMM_FAILED`.
   */
  endpointFor(guestPort: number): Promise<Endpoint> {
    const known = this.#endpoints.get(guestPort);
    if (known !== undefined) return known;
    const endpoint = this.#enqueue(async () => {
      const forwards = parseForwards(await this.#infoUsernet());
      const existing = forwards.find((entry) => entry.guestPort === guestPort && !this.#probes.has(entry.hostPort));
      return { host: HOST, port: existing?.hostPort ?? (await this.#add(guestPort)) };
    });
    this.#endpoints.set(guestPort, endpoint);
    endpoint.catch(() => this.#endpoints.delete(guestPort));
    return endpoint;
  }

  /**
   * True when `guestPort` accepts a connection within the probe's time limit. QEMU accepts every connection to a forward,
   * so only its list of connections tells whether the guest did. Each probe has its own forward: the only connection on
   * that host port is the probe's.
   */
  async probePort(guestPort: number, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const port = await this.#enqueue(async () => {
      const added = await this.#add(guestPort);
      this.#probes.add(added);
      return added;
    });
    const socket = net.connect({ host: HOST, port });
    let closed = false;
    socket.on("error", () => (closed = true)).on("close", () => (closed = true));
    socket.on("end", () => (closed = true)).resume();
    try {
      const deadline = performance.now() + PROBE_TIMEOUT_MS;
      let pauseMs = PROBE_POLL_MS;
      while (!closed && performance.now() < deadline) {
        await systemClock.sleep(pauseMs, signal);
        const entries = parseUsernet(await this.#infoUsernet()).filter((entry) => entry.hostPort === port);
        if (entries.some((entry) => entry.state === "ESTABLISHED")) return true;
        pauseMs = Math.min(pauseMs * 2, PROBE_POLL_MAX_MS);
      }
      return false;
    } finally {
      socket.destroy();
      await this.#qmp.humanMonitorCommand(`hostfwd_remove ${NETDEV_ID} tcp:${HOST}:${port}`).catch(() => undefined); // the VM may be gone
      this.#probes.delete(port);
    }
  }

  #infoUsernet(): Promise<string> {
    return this.#qmp.humanMonitorCommand("info usernet");
  }

  /** Adds a forward on a free host port, which QEMU chooses (port 0), and returns that port. */
  async #add(guestPort: number): Promise<number> {
    const before = new Set(parseForwards(await this.#infoUsernet()).map((entry) => entry.hostPort));
    const output = await this.#qmp.humanMonitorCommand(`hostfwd_add ${NETDEV_ID} tcp:${HOST}:0-:${guestPort}`);
    const added = parseForwards(await this.#infoUsernet()).find((entry) => !before.has(entry.hostPort));
    if (added?.guestPort === guestPort) return added.hostPort;
    throw new UnikernelError("VMM_FAILED", `QEMU could not forward to the guest's port ${guestPort}: ${output.trim()}`);
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}
