/** A service group in the running daemon. */
import type { ServiceProxy } from "../proxy/serviceProxy";
import type { ServiceRecord } from "../store/services";

/** A service group and its proxy. */
export interface Service {
  /** Replaced by every change; see `save.ts`. */
  record: ServiceRecord;
  /** Publishes the ports and forwards their connections. */
  readonly proxy: ServiceProxy;
  /** Aborts the autokill timer; `undefined` without one. */
  autokillAbort?: AbortController;
  /** The running autoscaler; `undefined` without an autoscale configuration. */
  autoscaler?: { stop(): void };
}

/** The instance ports that a service forwards to, each once. A redirect has none. */
export const destinationPorts = ({ ports }: ServiceRecord): readonly number[] => [
  ...new Set(ports.filter(({ handlers }) => !handlers.includes("redirect")).map((port) => port.destinationPort)),
];
