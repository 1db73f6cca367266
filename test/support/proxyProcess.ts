/**
 * A process with published ports in front of a server on a loopback port, as the daemon has them, from the compiled package. It is a process
 * of its own, so that its memory and its time are the proxy's alone.
 */
import * as childProcess from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { makeCertificate } from "./certificates";

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
    const execArgv = ["--expose-gc", ...nodeArguments];
    const child = childProcess.fork(path.join(__dirname, "publishedPorts.mjs"), [], { execArgv });
    child.send({ serverPort, certificate: makeCertificate("localhost") });
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
