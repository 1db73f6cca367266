/** Who holds the published ports of the local platform: its services, and other programs on this machine. */
import * as net from "node:net";
import { systemErrorCode } from "../../base/errors";
import { isLocalDaemonDown } from "../../client/localDaemon";
import { listAll } from "../../client/pagination";
import { isSelectedByName, PUBLISH_HOST } from "../../contract/models/service";
import type { ProviderContext } from "../context";

/** A port of a {@link PortHolder}. */
export interface HeldPort {
  readonly port: number;
  /** False if no other service can publish it too. */
  readonly isShared: boolean;
  /** The port of this machine, where another one stands in for `port`; `undefined`: `port` itself, or it is not open yet. */
  readonly hostPort?: number | undefined;
}

/** A service of the metro that publishes ports. */
export interface PortHolder {
  /** Name of the service. */
  readonly service: string;
  /** Names of its instances. */
  readonly instances: readonly string[];
  readonly ports: readonly HeldPort[];
}

/** The services that publish ports; none if the local platform does not run, which this does not start. */
export async function listPortHolders({ client, metro, signal }: ProviderContext): Promise<readonly PortHolder[]> {
  if (await isLocalDaemonDown(metro, signal)) return [];
  const services = await listAll(client.getServices, {});
  return services.map(({ name, instances, services: ports }) => ({
    service: name,
    instances: (instances ?? []).map((instance) => instance.name),
    ports: (ports ?? []).map(({ port, handlers, host_port: hostPort }) => ({
      port,
      isShared: isSelectedByName(handlers ?? []),
      hostPort,
    })),
  }));
}

/** "free", "used" by a program on this machine, or "denied" to this user. */
export type PortState = "free" | "used" | "denied";

/** Tries to listen on the port for a moment. */
export function probePort(port: number): Promise<PortState> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", (error) => {
      const code = systemErrorCode(error);
      // Any other error says nothing about the port.
      resolve(code === "EADDRINUSE" ? "used" : code === "EACCES" || code === "EPERM" ? "denied" : "free");
    });
    server.listen({ port, host: PUBLISH_HOST, exclusive: true }, () => server.close(() => resolve("free")));
  });
}
