/**
 * A process with published ports in front of a server on a loopback port, as the daemon has them. It is a process of its own, so that its
 * memory and its time are the proxy's alone.
 */
import * as childProcess from "node:child_process";
import { once } from "node:events";
import { HttpPort } from "./httpPort";

/** Its ports: plain TCP, the handler `tls`, the handler `http`, and both. */
export type ProxyPorts = Readonly<Record<"tcp" | "tls" | "http" | "https", number>>;

/** Memory after a garbage collection, in MiB. */
export interface ProxyMemory {
  readonly heapMb: number;
  /** Of Buffers, and of what else JavaScript holds outside of its heap. */
  readonly externalMb: number;
  readonly rssMb: number;
}

/** The process. */
export class ProxyProcess implements AsyncDisposable {
  readonly ports: ProxyPorts;
  readonly child: childProcess.ChildProcess;

  private constructor(child: childProcess.ChildProcess, ports: ProxyPorts) {
    this.child = child;
    this.ports = ports;
  }

  /** @param nodeArguments such as `--cpu-prof` */
  static async open(serverPort: number, nodeArguments: readonly string[] = []): Promise<ProxyProcess> {
    const execArgv = ["--expose-gc", ...nodeArguments, "-r", require.resolve("tsx/cjs")];
    const child = childProcess.fork(__filename, [String(serverPort)], { execArgv });
    const [ports] = (await once(child, "message")) as [ProxyPorts];
    return new ProxyProcess(child, ports);
  }

  async memory(): Promise<ProxyMemory> {
    this.child.send("memory");
    const [memory] = (await once(this.child, "message")) as [ProxyMemory];
    return memory;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.child, "exit");
    this.child.disconnect();
    await exited;
  }
}

const toMb = (bytes: number): number => Math.round((bytes / 2 ** 20) * 10) / 10;

async function serve(serverPort: number): Promise<void> {
  const open = async (isHttp: boolean, withTls: boolean): Promise<number> =>
    (await HttpPort.open({ server: serverPort }, { isHttp, withTls })).port;
  const ports: ProxyPorts = {
    ...{ tcp: await open(false, false), tls: await open(false, true) },
    ...{ http: await open(true, false), https: await open(true, true) },
  };
  process.on("message", () => {
    globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    const memory = { heapMb: toMb(heapUsed), externalMb: toMb(external), rssMb: toMb(rss) };
    process.send?.(memory satisfies ProxyMemory);
  });
  process.once("disconnect", () => process.exit());
  process.send?.(ports);
}

if (require.main === module) void serve(Number(process.argv[2]));
