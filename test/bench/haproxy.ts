/** haproxy with one thread, as the reference for the proxy, which has one too. */
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../support/freePorts";
import { isListening } from "../support/localPlatform";

/** Its ports. */
export type HaproxyPorts = Readonly<Record<"http" | "tcp", number>>;

const configuration = ({ http, tcp }: HaproxyPorts, serverPort: number): string => `
global
  maxconn 4000
  nbthread 1
defaults
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen http
  mode http
  bind 127.0.0.1:${http}
  http-reuse always
  option forwardfor
  server one 127.0.0.1:${serverPort}
listen tcp
  mode tcp
  bind 127.0.0.1:${tcp}
  server one 127.0.0.1:${serverPort}
`;

/** Starts it in front of a server on a loopback port. Throws if it is not installed. */
export async function startHaproxy(
  serverPort: number,
  folder: string,
): Promise<{ readonly ports: HaproxyPorts; readonly child: childProcess.ChildProcess }> {
  const ports = { http: await freePort(), tcp: await freePort() };
  const file = path.join(folder, `haproxy-${serverPort}.cfg`);
  await fs.writeFile(file, configuration(ports, serverPort));
  const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` };
  const child = childProcess.spawn("haproxy", ["-db", "-f", file], { env, stdio: ["ignore", "ignore", "inherit"] });
  const failed = new Promise<never>((_, reject) => {
    child.once("error", () => reject(new Error("haproxy is missing: apt-get install haproxy")));
    child.once("exit", (code) => reject(new Error(`haproxy exited with ${code}`)));
  });
  failed.catch(() => undefined);
  const isUp = async (): Promise<void> => {
    while (!(await isListening(ports.http))) await delay(20);
  };
  await Promise.race([isUp(), failed]);
  return { ports, child };
}
