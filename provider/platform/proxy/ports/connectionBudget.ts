/**
 * Bounds the connections of all published ports, so that the daemon keeps file descriptors for its API, its VMs and its files.
 *
 * ```text
 * accept ─► unserved: handshake, or head of the first request ─► served: has or awaits an instance ─► closed
 * ```
 */
import type * as net from "node:net";
import { transportOf } from "../resetConnection";

/** File descriptors that connections never take: API, database, logs, and some for each VM. */
const RESERVED_FILES = 256;
/** File descriptors of a served connection: one to the client, one to the instance. */
const FILES_PER_CONNECTION = 2;
/** Assumed when the system does not say. It is the usual limit. */
const ASSUMED_FILE_LIMIT = 1024;
/** There is always room for this many connections. */
const MIN_CONNECTIONS = 32;

/** How many connections there may be at one time. */
export interface ConnectionCounts {
  readonly open: number;
  /** Part of `open`: those that have not asked for anything yet. */
  readonly unserved: number;
}

/** The bounds under a limit of open files. Pure. */
export function connectionCountsFor(fileLimit: number): ConnectionCounts {
  const open = Math.max(MIN_CONNECTIONS, Math.floor((fileLimit - RESERVED_FILES) / FILES_PER_CONNECTION));
  return { open, unserved: Math.ceil(open / 2) };
}

/** How many files this process may open. */
export function readFileLimit(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const soft = userLimits?.open_files?.soft;
  return soft === "unlimited" ? Infinity : Number(soft ?? ASSUMED_FILE_LIMIT);
}

/** Counts connections. */
export class ConnectionBudget {
  readonly #max: ConnectionCounts;
  #open = 0;
  /** Each with its port, oldest first. */
  readonly #unserved = new Map<net.Socket, object>();

  constructor(max: ConnectionCounts) {
    this.#max = max;
  }

  /**
   * Counts a new connection until it closes. When too many have not asked for anything, the oldest of them is closed; when all are
   * in use, the new one is. False if it was closed.
   *
   * @param port what {@link closeUnserved} is called with
   */
  admit(client: net.Socket, port: object): boolean {
    if (this.#unserved.size >= this.#max.unserved) this.#closeOldestUnserved();
    if (this.#open >= this.#max.open) {
      client.destroy();
      return false;
    }
    this.#open++;
    this.#unserved.set(client, port);
    client.once("close", () => {
      this.#open--;
      this.#unserved.delete(client);
    });
    return true;
  }

  /** The connection, or the encrypted one over it, has asked for something: from now on it is closed for its own reasons only. */
  serve(client: net.Socket): void {
    this.#unserved.delete(transportOf(client));
  }

  /** Closes the connections of a port that have not asked for anything yet. */
  closeUnserved(port: object): void {
    for (const [client, its] of this.#unserved) if (its === port) client.destroy();
  }

  #closeOldestUnserved(): void {
    const [oldest] = this.#unserved;
    if (oldest === undefined) return;
    const [client] = oldest;
    this.#unserved.delete(client);
    client.destroy();
  }
}
