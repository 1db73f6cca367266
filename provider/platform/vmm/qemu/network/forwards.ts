/** Connections into a VM: host forwards of its user network, and readiness probes. */
import * as net from "node:net";
import { UnikernelError } from "../../../../base/errors";
import { systemClock } from "../../../../base/clock";
import { abortable } from "../../../../base/timeout";
import type { ConnectOptions } from "../../vmm";
import { GuestConnector } from "./guestConnector";
import { Liveness } from "../liveness";
import type { QmpClient } from "../qmpClient";
import { NETDEV_ID } from "./netdevs";
import { type UsernetEntry, findUnaccepted, parseForwards, parseUsernet } from "./usernet";

const HOST = "127.0.0.1";
/** Limit of one probe. slirp doubles its pauses between SYNs, so after this a new probe is faster than waiting. */
const PROBE_TIMEOUT_MS = 1000;
/** First pause between two checks of a probe; it doubles up to `PROBE_POLL_MAX_MS`. */
const PROBE_POLL_MS = 4;
const PROBE_POLL_MAX_MS = 40;

/** The host forwards of one VM, which are added while it runs. */
export class HostForwards {
  readonly #qmp: QmpClient;
  readonly #guestAddress: string;
  readonly #liveness: Liveness;
  readonly #connectors = new Map<number, Promise<GuestConnector>>();
  /** Host ports of probes that are running; their forwards are removed afterwards. */
  readonly #probes = new Set<number>();
  /** Forwards are added one at a time, because the port of a new one is found by comparing two lists. */
  #queue: Promise<unknown> = Promise.resolve();

  /** @param guestAddress as of `forwardAddress` */
  constructor(qmp: QmpClient, guestAddress: string) {
    this.#qmp = qmp;
    this.#guestAddress = guestAddress;
    this.#liveness = new Liveness(() => qmp.execute("query-status"));
  }

  /** Connects to `guestPort`, as {@link GuestConnector.connect} does. */
  async connect(guestPort: number, options: ConnectOptions): Promise<net.Socket | undefined> {
    const connector = this.#connectors.get(guestPort) ?? this.#openConnector(guestPort);
    return (await abortable(connector, options.signal)).connect(options);
  }

  /** Uses the forwards that an earlier daemon has added; otherwise adds one. */
  #openConnector(guestPort: number): Promise<GuestConnector> {
    const connector = this.#enqueue(async () => {
      const isOwn = ({ guestPort: port, hostPort }: UsernetEntry): boolean =>
        port === guestPort && !this.#probes.has(hostPort);
      const existing = parseForwards(await this.#infoUsernet()).filter(isOwn);
      const hostPorts = existing.length > 0 ? existing.map(({ hostPort }) => hostPort) : await this.#add(guestPort, 1);
      const source = {
        add: (count: number) => this.#enqueue(() => this.#add(guestPort, count)),
        findUnaccepted: async () => findUnaccepted(parseUsernet(await this.#infoUsernet())),
        isVmAlive: () => this.#liveness.check(),
      };
      return new GuestConnector(source, hostPorts);
    });
    this.#connectors.set(guestPort, connector);
    connector.catch(() => this.#connectors.delete(guestPort));
    return connector;
  }

  /**
   * True when `guestPort` accepts a connection within the probe's time limit. QEMU accepts every connection to a forward,
   * so only its list of connections tells whether the guest did. Each probe has its own forward: the only connection on
   * that host port is the probe's.
   */
  async probePort(guestPort: number, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const port = await this.#enqueue(async () => {
      const [added = 0] = await this.#add(guestPort, 1);
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
      const command = `hostfwd_remove ${NETDEV_ID} tcp:${HOST}:${port}`;
      await this.#enqueue(() => this.#qmp.humanMonitorCommand(command)).catch(() => undefined); // the VM may be gone
      this.#probes.delete(port);
    }
  }

  #infoUsernet(): Promise<string> {
    return this.#qmp.humanMonitorCommand("info usernet");
  }

  /** Adds up to `count` forwards on free host ports, which QEMU chooses (port 0), and returns those. Throws `VMM_FAILED` if it adds none. */
  async #add(guestPort: number, count: number): Promise<readonly number[]> {
    const before = new Set(parseForwards(await this.#infoUsernet()).map(({ hostPort }) => hostPort));
    const command = `hostfwd_add ${NETDEV_ID} tcp:${HOST}:0-${this.#guestAddress}:${guestPort}`;
    const outputs = await Promise.all(Array.from({ length: count }, () => this.#qmp.humanMonitorCommand(command)));
    const added = parseForwards(await this.#infoUsernet()).filter(
      (entry) => !before.has(entry.hostPort) && entry.guestPort === guestPort,
    );
    if (added.length > 0) return added.map(({ hostPort }) => hostPort);
    const output = outputs.join(" ").trim();
    throw new UnikernelError("VMM_FAILED", `QEMU could not forward to the guest's port ${guestPort}: ${output}`);
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}
