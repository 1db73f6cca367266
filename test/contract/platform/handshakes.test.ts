/**
 * Clients that never finish a handshake or a request: their connections end, and the API keeps responding. The daemon is a process of
 * its own, with few file descriptors. `UNIKERNEL_TEST_HANDSHAKES` sets how many clients there are.
 */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as tls from "node:tls";
import { freePort } from "../../support/freePorts";
import { eventually } from "../../support/localPlatform";
import { sendHttp } from "../../support/testPlatform";

const CLIENTS = Number(process.env["UNIKERNEL_TEST_HANDSHAKES"] ?? 1_000);
/** The daemon's limit of open files. */
const FILE_LIMIT = 512;
const AT_ONCE = 400;
const DAEMON = path.join(__dirname, "../../../dist/provider/platform/main.js");

/** The first message of a real client, recorded. */
async function recordClientHello(serverName: string): Promise<Buffer> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as net.AddressInfo;
  const received = new Promise<Buffer>((resolve) =>
    server.once("connection", (socket) => socket.once("data", (chunk) => (socket.destroy(), resolve(chunk)))),
  );
  tls.connect({ port, host: "127.0.0.1", servername: serverName }).on("error", () => undefined);
  const hello = await received;
  server.close();
  return hello;
}

describe("unfinished handshakes", function () {
  this.timeout(300_000);
  let folder: string;
  let daemon: childProcess.ChildProcess;
  let api: { url: string; token: string };
  let port: number;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-handshakes-"));
    const command = `ulimit -n ${FILE_LIMIT} && exec "$0" "$1" --stay`;
    const env = { ...process.env, UNIKERNEL_STATE_DIR: folder, XDG_RUNTIME_DIR: folder };
    daemon = childProcess.spawn("sh", ["-c", command, process.execPath, DAEMON], { stdio: "ignore", env });
    await eventually("the daemon starts", () =>
      fs.stat(path.join(folder, "daemon.json")).then(
        () => true,
        () => false,
      ),
    );
    const { url } = JSON.parse(await fs.readFile(path.join(folder, "daemon.json"), "utf8")) as { url: string };
    api = { url, token: await fs.readFile(path.join(folder, "token"), "utf8") };
    port = await freePort();
    const body = { name: "web", services: [{ port, handlers: ["tls"] }], domains: [{ name: "web" }] };
    assert.equal((await request("POST", "/v1/services", body)).status, 200);
  });
  after(async () => {
    daemon.kill("SIGKILL");
    await fs.rm(folder, { recursive: true, force: true });
  });

  const request = (method: string, target: string, body?: object) =>
    sendHttp(
      api.url + target,
      method,
      { authorization: `Bearer ${api.token}`, "content-type": "application/json" },
      body && JSON.stringify(body),
    );
  const openFiles = async (): Promise<number> => (await fs.readdir(`/proc/${daemon.pid}/fd`)).length;

  /** One client that connects and misbehaves; resolves when its connection has ended. */
  function misbehave(act: (socket: net.Socket) => void): Promise<void> {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("error", () => undefined).on("connect", () => act(socket));
    socket.resume();
    return new Promise((resolve) => socket.once("close", () => resolve()));
  }

  it(`leave no file descriptor behind: ${CLIENTS} clients`, async () => {
    const hello = await recordClientHello("web.localhost");
    const acts: ((socket: net.Socket) => void)[] = [
      () => undefined, // says nothing
      (socket) => socket.write(hello.subarray(0, hello.length / 2)),
      (socket) => socket.write(hello), // and never answers
      (socket) => socket.write("GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n"),
      (socket) => socket.write(Buffer.alloc(2_000, 0x16)),
      (socket) => socket.end(hello),
      (socket) => socket.write(hello, () => setTimeout(() => socket.resetAndDestroy(), 20)),
      (socket) => socket.end(),
      (socket) => socket.resetAndDestroy(),
    ];
    const baseline = await openFiles();
    const open = new Set<Promise<void>>();
    for (let started = 0; started < CLIENTS; started++) {
      const act = acts[started % acts.length] ?? acts[0];
      const client = misbehave(act ?? (() => undefined)).finally(() => open.delete(client));
      open.add(client);
      if (open.size >= AT_ONCE) await Promise.race(open);
      if (started % 100 === 0) assert.equal((await request("GET", "/v1/services?name=web")).status, 200);
    }
    await Promise.all(open);
    let files = await openFiles();
    for (let waited = 0; files > baseline && waited < 100; waited++) {
      await delay(100);
      files = await openFiles();
    }
    assert.ok(files <= baseline, `${files} files are open, ${baseline} before`);
  });

  it("end after 10 seconds, also when the client sends a byte now and then", async () => {
    const hello = await recordClientHello("web.localhost");
    const drip = (socket: net.Socket): void => {
      let at = 0;
      const timer = setInterval(() => socket.write(hello.subarray(at, ++at)), 500);
      socket.once("close", () => clearInterval(timer));
    };
    /** Its handshake has begun; the rest of a record never comes. */
    const dripAfterHello = (socket: net.Socket): void => {
      socket.write(hello);
      const record = Buffer.concat([Buffer.from([0x16, 3, 3, 0x10, 0]), Buffer.alloc(0x1000)]);
      let at = 0;
      const timer = setInterval(() => socket.write(record.subarray(at, ++at)), 500);
      socket.once("close", () => clearInterval(timer));
    };
    const started = Date.now();
    await Promise.all([misbehave(() => undefined), misbehave(drip), misbehave(dripAfterHello)]);
    const seconds = (Date.now() - started) / 1000;
    assert.ok(seconds > 9 && seconds < 15, `after ${seconds} s`);
  });
});
