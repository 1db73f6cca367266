/** A published port with the handler `http`, in this process, in front of servers on loopback ports. */
import { once } from "node:events";
import * as net from "node:net";
import type { ConnectTarget } from "../../provider/platform/proxy/rotation/lease";
import { ServiceProxy } from "../../provider/platform/proxy/serviceProxy";
import { DEFAULT_TIMINGS, type Timings } from "../../provider/platform/timings";
import { makeCertificate } from "./certificates";
import { freePort } from "./freePorts";
import { ANY_NAME, newPublicPorts } from "./publishing";

/** An instance that serves on a loopback port of this machine, whatever port of it is asked for. */
export const targetAt = (port: number): ConnectTarget => ({
  connect: async (_guestPort, { signal }) => {
    const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    try {
      await once(socket, "connect", { signal });
      return socket.on("error", () => undefined);
    } catch {
      socket.destroy();
      return undefined;
    }
  },
});

/** How the port is published. */
export interface HttpPortOptions {
  readonly timings?: Partial<Timings>;
  readonly softLimit?: number;
  readonly hardLimit?: number;
  readonly withTls?: boolean;
  /** False: bytes are passed on as they are. */
  readonly isHttp?: boolean;
}

/** The port of a service. */
export class HttpPort {
  readonly proxy: ServiceProxy;
  readonly port: number;
  readonly url: string;
  /** Each call of the rotation's event, by instance. */
  readonly woken: string[] = [];

  private constructor(
    port: number,
    { timings = {}, softLimit = 65_535, hardLimit = 65_535, withTls }: HttpPortOptions,
  ) {
    this.port = port;
    this.url = `${withTls === true ? "https" : "http"}://127.0.0.1:${port}`;
    const events = {
      onWakeNeeded: (uuid: string) => void this.woken.push(uuid),
      onRequest: () => undefined,
      onConnectionCount: () => undefined,
    };
    this.proxy = new ServiceProxy(
      { softLimit, hardLimit },
      events,
      { ...DEFAULT_TIMINGS, ...timings },
      newPublicPorts(),
    );
  }

  /** Publishes a port in front of ready instances: name and loopback port of each. */
  static async open(members: Readonly<Record<string, number>>, options: HttpPortOptions = {}): Promise<HttpPort> {
    const opened = new HttpPort(await freePort(), options);
    for (const [name, port] of Object.entries(members)) opened.proxy.rotation.setState(name, "ready", targetAt(port));
    const { withTls = false, isHttp = true } = options;
    const mode = withTls ? "tls" : "plain";
    const certificate = withTls ? makeCertificate("localhost") : undefined;
    const names = certificate === undefined ? ANY_NAME : { domains: [], certificateFor: () => certificate };
    await opened.proxy.publish([{ port: opened.port, destinationPort: 80, isHttp, mode }], names);
    return opened;
  }

  close(): void {
    this.proxy.close();
  }
}
