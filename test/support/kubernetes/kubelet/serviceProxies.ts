/**
 * In place of kube-proxy and the cluster's DNS: every Service with an address listens on its loopback address and passes
 * connections to ready endpoints in turn, and its names are in a hosts file. TCP only.
 */
import * as fs from "node:fs/promises";
import * as net from "node:net";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { toLoopback } from "./addresses";
import type { EndpointSlice, Service } from "./objects";

/** Where a ready endpoint of a Service is. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** Name of the pod. */
  readonly pod: string;
}

const SERVICE_LABEL = "kubernetes.io/service-name";
const DOMAIN = "svc.cluster.local";
/** How long a connection waits for an endpoint: the API may know of one before this does. */
const WAIT_MS = 1_000;

/** Ready endpoints of a Service's port, as addresses of this machine. */
export function readyEndpoints(
  service: Service,
  portName: string | undefined,
  slices: readonly EndpointSlice[],
): readonly Endpoint[] {
  const { name, namespace } = service.metadata;
  return slices
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.[SERVICE_LABEL] === name)
    .flatMap(({ endpoints, ports }) => {
      const port = (ports ?? []).find((each) => (each.name ?? "") === (portName ?? ""))?.port;
      if (port === undefined) return [];
      return (endpoints ?? [])
        .filter(({ conditions }) => conditions?.ready !== false)
        .map(({ addresses, targetRef }) => ({
          host: toLoopback(addresses[0] ?? ""),
          port,
          pod: targetRef?.name ?? "",
        }));
    });
}

/** See the file's comment. */
export class ServiceProxies {
  private readonly servers = new Map<string, net.Server>();
  private readonly sockets = new Set<net.Socket>();
  private services: readonly Service[] = [];
  private slices: readonly EndpointSlice[] = [];
  private turn = 0;
  private written = new Map<string, string>();

  /** @param folder of the hosts files, one per namespace */
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Follows the Services and their endpoints. */
  async sync(services: readonly Service[], slices: readonly EndpointSlice[]): Promise<void> {
    this.services = services;
    this.slices = slices;
    const wanted = new Set<string>();
    for (const { spec } of services.filter(hasAddress)) {
      for (const { port, protocol = "TCP" } of spec.ports ?? []) {
        const key = `${spec.clusterIP}:${port}`;
        wanted.add(key);
        if (!this.servers.has(key) && protocol === "TCP") await this.listen(key, spec.clusterIP ?? "", port);
      }
    }
    for (const [key, server] of this.servers) {
      if (wanted.has(key)) continue;
      server.close();
      this.servers.delete(key);
    }
    for (const namespace of this.written.keys()) await this.hostsFile(namespace);
  }

  /** The hosts file of a namespace's pods, kept up to date from now on. */
  async hostsFile(namespace: string): Promise<string> {
    const file = path.join(this.folder, `hosts-${namespace}`);
    const lines = this.services.flatMap((service) => {
      const { name, namespace: own } = service.metadata;
      const qualified = [`${name}.${own}`, `${name}.${own}.svc`, `${name}.${own}.${DOMAIN}`];
      const names = own === namespace ? [name, ...qualified] : qualified;
      const addresses = hasAddress(service)
        ? [toLoopback(service.spec.clusterIP ?? "")]
        : (service.spec.ports ?? [])
            .slice(0, 1)
            .flatMap((port) => readyEndpoints(service, port.name, this.slices).map(({ host }) => host));
      return addresses.map((address) => `${address} ${names.join(" ")}\n`);
    });
    const text = ["127.0.0.1 localhost\n", ...lines].join("");
    // In place: the file itself is mounted in the containers.
    if (this.written.get(namespace) !== text) await fs.writeFile(file, text);
    this.written.set(namespace, text);
    return file;
  }

  /** Closes everything. */
  stop(): void {
    for (const server of this.servers.values()) server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private async listen(key: string, address: string, port: number): Promise<void> {
    const server = net.createServer((client) => void this.forward(client, address, port));
    this.servers.set(key, server);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(port, toLoopback(address), resolve);
    });
    server.on("error", () => undefined);
  }

  private async forward(client: net.Socket, address: string, port: number): Promise<void> {
    client.on("error", () => client.destroy());
    const deadline = Date.now() + WAIT_MS;
    let endpoint = this.choose(address, port);
    while (endpoint === undefined && Date.now() < deadline) {
      await delay(50);
      endpoint = this.choose(address, port);
    }
    if (endpoint === undefined) return void client.destroy();
    const server = net.connect({ host: endpoint.host, port: endpoint.port });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on("error", () => other.destroy()).on("close", () => this.sockets.delete(socket));
      socket.pipe(other);
    }
  }

  /** The ready endpoint whose turn it is. */
  private choose(address: string, port: number): Endpoint | undefined {
    const service = this.services.find(({ spec }) => spec.clusterIP === address);
    const name = service?.spec.ports?.find((each) => each.port === port)?.name;
    const endpoints = service === undefined ? [] : readyEndpoints(service, name, this.slices);
    return endpoints[this.turn++ % Math.max(1, endpoints.length)];
  }
}

const hasAddress = ({ spec }: Service): boolean =>
  spec.clusterIP !== undefined && spec.clusterIP !== "" && spec.clusterIP !== "None";
