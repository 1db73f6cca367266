/**
 * examples/tyk-hybrid: a data plane on this machine and its control plane, which a listener of the test stands for. Its gateway and its Redis are
 * small ones of the tests, since a build of its Dockerfiles would download both.
 */
import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as https from "node:https";
import * as net from "node:net";
import * as path from "node:path";
import { localPaths } from "../../../provider/base/localPaths";
import { ExampleProject } from "../../support/exampleProject";
import { compileGoGuest } from "../../support/goGuest";
import { freePort } from "../../support/freePorts";
import { findProcessesOf } from "../../support/localPlatform";

const [KEY, NEXT_KEY, TYK_SECRET, REDIS_PASSWORD] = [
  "mdcb-key-Value",
  "next-key-Value",
  "tyk-secret-Value",
  "redis-pw-Value",
];
const ORGANISATION = "5e9d9544a1dcd60001d0ed20";
const sha256 = (text: string): string => crypto.createHash("sha256").update(text).digest("hex");

/** Stands for MDCB: it checks the greeting of each connection and the hash of its key, and notes the key. */
class ControlPlane {
  readonly keys = new Set([KEY]);
  readonly seen = new Set<string>();
  readonly wrong: string[] = [];
  readonly #server = net.createServer((socket) => {
    let received = Buffer.alloc(0);
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (!received.includes("\n")) return;
      // Source: TykTechnologies/tyk, `rpc/rpc_client.go`: "proto2", a length, and an id of that length.
      const length = received[6] ?? 0;
      const hash = received
        .subarray(7 + length)
        .toString("latin1")
        .trim();
      if (received.toString("latin1", 0, 6) !== "proto2" || length === 0) this.wrong.push(received.toString("latin1"));
      const key = [...this.keys].find((one) => sha256(one) === hash);
      if (key !== undefined) this.seen.add(key);
      socket.end(key === undefined ? "refused\n" : "ok\n");
    });
  });

  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await new Promise((resolve) => this.#server.once("listening", resolve));
    return (this.#server.address() as net.AddressInfo).port;
  }

  close(): void {
    this.#server.close();
  }
}

describe("examples: tyk-hybrid", function () {
  this.timeout(300_000);
  const controlPlane = new ControlPlane();
  let example: ExampleProject;
  let port: number;
  let mdcbUrl: string;

  before(async () => {
    mdcbUrl = `host.internal:${await controlPlane.listen()}`;
    port = await freePort();
    example = await ExampleProject.open("tyk-hybrid", {
      edits: [
        // Ports 443 and 80 may be in use on this machine.
        ["index.ts", 'port: 443, destinationPort: tyk.listenPort, handlers: ["tls", "http"]', `port: ${port}, destinationPort: tyk.listenPort, handlers: ["tls"]`], // prettier-ignore
        ["index.ts", '    { port: 80, destinationPort: 443, handlers: ["http", "redirect"] },\n', ""],
        ["index.ts", "replicas: 2", "replicas: 1"],
        ["compose.yaml", "deploy: { replicas: 2 }", "deploy: { replicas: 1 }"],
        ["gateway/Kraftfile.local", "./Dockerfile", "./rootfs"],
        ["redis/Kraftfile.local", "./Dockerfile", "./rootfs"],
      ],
      config: { "tyk-hybrid:mdcbTls": "false" },
      ports: [port],
    });
    for (const [guest, binary] of [
      ["hybridGateway", "gateway/rootfs/usr/bin/tyk"],
      ["smallRedis", "redis/rootfs/usr/bin/redis-server"],
    ] as const) {
      const file = path.join(example.project.folder, binary);
      await fs.mkdir(path.dirname(file), { recursive: true });
      await compileGoGuest(guest, file);
    }
  });
  after(async () => {
    await example.close();
    controlPlane.close();
  });

  /** Status and body of a request to the gateway, whose certificate must be that of its domain. */
  async function get(url: unknown, page: string): Promise<string> {
    const { hostname } = new URL(String(url));
    const ca = await fs.readFile(localPaths().caFile);
    return new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port, servername: hostname, ca, agent: false, headers: { host: hostname } };
      https
        .get({ ...options, path: page }, (response) => {
          let body = "";
          response.setEncoding("utf8").on("data", (text: string) => (body += text));
          response.on("end", () => resolve(`${response.statusCode} ${body.trim()}`));
        })
        .on("error", reject);
    });
  }

  /** Asserts that no secret is in the output, the state, the logs, or the arguments of a process. */
  async function assertHidden(output: string): Promise<void> {
    const folder = localPaths().stateDir;
    const logs: string[] = [];
    for (const entry of await fs.readdir(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile() && /log/.test(entry.name))
        logs.push(await fs.readFile(path.join(entry.parentPath, entry.name), "latin1"));
    assert.ok(logs.length > 0, "there are logs");
    const processes = (await findProcessesOf(folder)).map(({ command }) => command);
    assert.ok(processes.length > 1, "there are processes");
    const places = {
      output,
      state: await example.project.readStoredState(),
      logs: logs.join(),
      processes: processes.join(),
    };
    for (const [place, text] of Object.entries(places))
      for (const secret of [KEY, NEXT_KEY, TYK_SECRET, REDIS_PASSWORD])
        assert.ok(!text.includes(secret), `${secret} is in the ${place}`);
  }

  /** The text of .env. */
  const variables = (key: string): string =>
    [
      `MDCB_URL=${mdcbUrl}`,
      `MDCB_KEY=${key}`,
      `TYK_ORGANISATION=${ORGANISATION}`,
      `TYK_SECRET=${TYK_SECRET}`,
      `REDIS_PASSWORD='${REDIS_PASSWORD}'`,
      "KRAFTFILE=Kraftfile.local",
      "MDCB_TLS=false",
      `PORT=${port} # free here`,
      "",
    ].join("\n");

  it("is a gateway that finds its Redis and its control plane, and waits until both accept it", async () => {
    await example.apply({ files: { ".env": variables(KEY) } });
    const { outputs, output } = await example.up();
    assert.match(await get(outputs["url"], "/ready"), /^200 .*"description":"Tyk GW Ready"/);
    assert.equal(await get(outputs["url"], "/redis"), `200 ${String(outputs["redisHost"])}:6379`);
    assert.match(String(outputs["redisHost"]), /^redis-[0-9a-f]{7}\.internal$/);
    assert.deepEqual([[...controlPlane.seen], controlPlane.wrong], [[KEY], []]);
    await assertHidden(output);
    await example.secondUpIsEmpty();
  });

  it("rolls the gateway out when its key is replaced, and nothing else", async () => {
    controlPlane.keys.add(NEXT_KEY);
    const { output, outputs } = await example.change({ files: { ".env": variables(NEXT_KEY) } }, [
      "update Service gateway",
    ]);
    controlPlane.keys.delete(KEY);
    assert.match(await get(outputs["url"], "/ready"), /^200 /);
    assert.ok(controlPlane.seen.has(NEXT_KEY));
    await assertHidden(output);
    await example.refreshFindsNothing();
    await example.destroyLeavesNothing();
  });

  it("is the same from compose.yaml and .env", async () => {
    const names = (await fs.readFile(path.join(example.project.folder, ".env.example"), "utf8")).match(/^\w+(?==)/gm);
    assert.deepEqual(names, [...variables("").matchAll(/^\w+(?==)/gm)].map(String).slice(0, 6));
    // What `main: compose.ts` does for Pulumi; the engine of the tests always runs index.ts.
    const program = await fs.readFile(path.join(example.project.folder, "compose.ts"), "utf8");
    await example.apply({
      files: {
        "index.ts": program,
        ".env": variables("").replace(/^REDIS_PASSWORD=.*$/m, ""),
      },
    });
    await example.previewFails(/COMPOSE_INVALID: .*\n?.*the variable REDIS_PASSWORD is required: set it in \.env\./);
    controlPlane.keys.add(NEXT_KEY);
    controlPlane.seen.clear();
    await example.apply({ files: { ".env": variables(NEXT_KEY) } });
    const { outputs, output } = await example.up();
    assert.equal(outputs["redisHost"], "tyk-redis.internal");
    assert.match(await get(outputs["url"], "/ready"), /^200 .*"description":"Tyk GW Ready"/);
    assert.equal(await get(outputs["url"], "/redis"), "200 tyk-redis.internal:6379");
    assert.deepEqual([[...controlPlane.seen], controlPlane.wrong], [[NEXT_KEY], []]);
    await assertHidden(output);
    await example.secondUpIsEmpty();
  });

  it("rolls the gateway out when .env has another key", async () => {
    controlPlane.keys.add(KEY);
    const { output, outputs } = await example.change({ files: { ".env": variables(KEY) } }, [
      "update Service tyk-gateway",
    ]);
    controlPlane.keys.delete(NEXT_KEY);
    assert.match(await get(outputs["url"], "/ready"), /^200 /);
    await assertHidden(output);
    await example.refreshFindsNothing();
    await example.destroyLeavesNothing();
  });
});
