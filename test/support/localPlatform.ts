/** A local platform of one test, in real processes: a state folder, its daemon and VMs, and a check that nothing is left. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Client, createClient } from "../../provider/client/client";
import { connectLocalDaemon } from "../../provider/client/localDaemon";
import { localPaths } from "../../provider/base/localPaths";

/** Waits until `condition` holds; fails after a minute and names what it waited for. */
export async function eventually(
  what: string,
  condition: () => Promise<boolean> | boolean,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) assert.fail(`not within ${timeoutMs / 1000} s: ${what}`);
    await delay(100);
  }
}

/** True if something accepts connections on the loopback port. */
export const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });

/** Process ids whose environment or command line names the folder. */
export async function findProcessesOf(folder: string): Promise<readonly { pid: number; command: string }[]> {
  const found: { pid: number; command: string }[] = [];
  for (const entry of await fs.readdir("/proc")) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    const read = (name: string) => fs.readFile(`/proc/${entry}/${name}`, "latin1").catch(() => "");
    const [environment, command] = await Promise.all([read("environ"), read("cmdline")]);
    if (environment.includes(`UNIKERNEL_STATE_DIR=${folder}`) || command.includes(folder)) {
      found.push({ pid: Number(entry), command: command.replaceAll("\0", " ").trim() });
    }
  }
  return found;
}

/** The platform of one suite. Sets `UNIKERNEL_STATE_DIR` for this process and everything it starts. */
export class LocalPlatform {
  readonly folder: string;
  readonly client: Client;

  private constructor(folder: string) {
    this.folder = folder;
    this.client = createClient({ metro: "local", endpoint: () => connectLocalDaemon() });
  }

  static async open(): Promise<LocalPlatform> {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-state-"));
    process.env["UNIKERNEL_STATE_DIR"] = folder;
    return new LocalPlatform(folder);
  }

  /** Process id of the daemon; `undefined` if none is announced. */
  async daemonPid(): Promise<number | undefined> {
    const text = await fs.readFile(localPaths().daemonFile, "utf8").catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as { pid: number }).pid;
  }

  async virtualMachines(): Promise<readonly number[]> {
    const all = await findProcessesOf(this.folder);
    return all
      .filter(({ command }) => command.includes("qemu-system"))
      .map(({ pid }) => pid)
      .sort((a, b) => a - b);
  }

  /** The whole console log of an instance. */
  async readConsole(uuid: string): Promise<string> {
    const reply = await this.client.getInstanceLogs({ query: { uuid: [uuid], offset: [-16383], limit: [16383] } });
    return Buffer.from(reply.items[0]?.output ?? "", "base64").toString("utf8");
  }

  /** Asserts that no process, socket, port or file is left but the platform's ID and its certificate authority, once the daemon has exited. */
  async assertNothingLeft(ports: readonly number[] = []): Promise<void> {
    const { runDir: run, stateDir: state, platformIdFile, caKeyFile, caFile } = localPaths();
    await eventually("the daemon ends by itself", async () => (await findProcessesOf(this.folder)).length === 0);
    assert.deepEqual(await findProcessesOf(this.folder), []);
    const files = await fs.readdir(state).catch(() => []);
    const kept = [platformIdFile, caKeyFile, caFile].map((file) => path.basename(file));
    const left = files.filter((name) => !kept.includes(name));
    assert.deepEqual(left, [], "files in the state folder");
    assert.deepEqual(await fs.readdir(run).catch(() => []), [], "sockets in the run folder");
    for (const port of ports) assert.equal(await isListening(port), false, `port ${port}`);
  }

  /** Ends what a failed test left, by process id, and removes the folder. */
  async close(): Promise<void> {
    for (const { pid } of await findProcessesOf(this.folder)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // it has exited
      }
    }
    await eventually("processes are gone", async () => (await findProcessesOf(this.folder)).length === 0);
    await fs.rm(localPaths().runDir, { recursive: true, force: true });
    await fs.rm(this.folder, { recursive: true, force: true });
    delete process.env["UNIKERNEL_STATE_DIR"];
  }
}
