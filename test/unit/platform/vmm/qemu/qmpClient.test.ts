import assert from "node:assert/strict";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { QemuTimeoutError, QmpClient, type QmpEvent } from "../../../../../provider/platform/vmm/qemu/qmpClient";

const GREETING = '{"QMP": {"version": {}, "capabilities": ["oob"]}}\r\n';
interface Command {
  readonly execute: string;
  readonly id: number;
}
type Responder = (command: Command, say: (text: string) => void, socket: net.Socket) => void;

describe("the QMP client", () => {
  let folder: string;
  const servers: net.Server[] = [];
  const sockets: net.Socket[] = [];
  before(async () => (folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-qmp-"))));
  afterEach(async () => {
    sockets.splice(0).forEach((socket) => socket.destroy());
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  });
  after(() => fs.rm(folder, { recursive: true }));

  /** A fake QEMU that sends the greeting, accepts the negotiation, and responds to other commands as configured. */
  async function qemu(respond: Responder, greeting = GREETING): Promise<string> {
    const file = path.join(folder, "qmp");
    await fs.rm(file, { force: true });
    const server = net.createServer((socket) => {
      sockets.push(socket.on("error", () => undefined));
      const say = (text: string): void => void socket.write(text);
      say(greeting);
      socket.setEncoding("utf8").on("data", (text: string) => {
        for (const line of text.trim().split("\n")) {
          const command = JSON.parse(line) as Command;
          if (command.execute === "qmp_capabilities") say(`{"return": {}, "id": ${command.id}}\n`);
          else respond(command, say, socket);
        }
      });
    });
    servers.push(server.listen(file));
    await once(server, "listening");
    return file;
  }

  it("matches responses to commands by id, in any order and however they are cut", async () => {
    const waiting: number[] = [];
    const file = await qemu(({ id }, say) => {
      if (waiting.push(id) < 2) return;
      const text = waiting
        .reverse()
        .map((each) => `{"return": {"for": ${each}}, "id": ${each}}\r\n`)
        .join("");
      say(text.slice(0, 10));
      setImmediate(() => say(text.slice(10)));
    });
    const client = await QmpClient.connect(file);
    const [first, second] = await Promise.all([client.execute("a"), client.execute("b")]);
    assert.equal((first as { for: number }).for + 1, (second as { for: number }).for);
    client.close();
    await client.closed;
  });

  it("accepts events at any time, even before the negotiation ends", async () => {
    const events: QmpEvent[] = [];
    const event = '{"event": "SHUTDOWN", "data": {"reason": "guest-reset"}, "timestamp": {}}\n{"event": "STOP"}\n';
    const file = await qemu(({ id }, say) => say(`${event}{"return": {}, "id": ${id}}\n`), GREETING + event);
    const client = await QmpClient.connect(file, { onEvent: (each) => events.push(each) });
    assert.equal(events.length, 2);
    await client.execute("cont");
    assert.deepEqual(events.slice(2), [
      { event: "SHUTDOWN", data: { reason: "guest-reset" } },
      { event: "STOP", data: {} },
    ]);
    client.close();
  });

  it("rejects a command with QEMU's error message", async () => {
    const file = await qemu(({ id }, say) =>
      say(`{"error": {"class": "GenericError", "desc": "no way"}, "id": ${id}}\n`),
    );
    const client = await QmpClient.connect(file);
    await assert.rejects(client.execute("migrate"), { code: "VMM_FAILED", message: /'migrate'.*no way/ });
    client.close();
  });

  it("rejects commands without a response, and pending ones when the connection closes", async () => {
    const file = await qemu(({ execute }, _say, socket) => execute === "quit" && socket.destroy());
    const client = await QmpClient.connect(file);
    await assert.rejects(client.execute("stop", {}, 20), QemuTimeoutError);
    await Promise.all([
      assert.rejects(client.execute("cont"), { code: "VMM_FAILED" }),
      assert.rejects(client.execute("quit"), { code: "VMM_FAILED" }),
    ]);
    await client.closed;
    await assert.rejects(client.execute("cont"), { code: "VMM_FAILED" });
  });

  it("rejects a socket that is absent, silent, or speaks another protocol", async () => {
    await assert.rejects(QmpClient.connect(path.join(folder, "absent")), { code: "VMM_FAILED" });
    const silent = await qemu(() => undefined, "");
    await assert.rejects(QmpClient.connect(silent, { timeoutMs: 20 }), QemuTimeoutError);
    const other = await qemu(() => undefined, "SSH-2.0-OpenSSH\r\n");
    await assert.rejects(QmpClient.connect(other), { code: "VMM_FAILED" });
  });
});
