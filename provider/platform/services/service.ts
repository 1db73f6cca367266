/** A service group while the daemon runs. */
import type { ServiceProxy } from "../proxy/serviceProxy";
import type { ServiceRecord } from "../store/services";

/** A service group and its proxy. */
export interface Service {
  record: ServiceRecord;
  readonly proxy: ServiceProxy;
  /** Aborts the wait for its autokill. */
  autokillAbort?: AbortController;
  /** Runs while the service group has an autoscale configuration. */
  autoscaler?: { stop(): void };
}

/** Ports inside the instances that a service leads to, each once; a redirect leads to none. */
export const destinationPorts = ({ ports }: ServiceRecord): readonly number[] => [
  ...new Set(ports.filter(({ handlers }) => !handlers.includes("redirect")).map((port) => port.destinationPort)),
];
