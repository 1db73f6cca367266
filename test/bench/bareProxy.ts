/** Starts the bare proxy of Node's own modules. */
import * as childProcess from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";

/** Its ports. */
export type BarePorts = Readonly<Record<"http" | "tcp", number>>;

/** Starts bareProxy.mjs in a process of its own, in front of a server on a loopback port. */
export async function startBareProxy(
  serverPort: number,
): Promise<{ readonly ports: BarePorts; readonly child: childProcess.ChildProcess }> {
  const child = childProcess.fork(path.join(__dirname, "bareProxy.mjs"), [String(serverPort)], { execArgv: [] });
  const [ports] = (await once(child, "message")) as [BarePorts];
  return { ports, child };
}
