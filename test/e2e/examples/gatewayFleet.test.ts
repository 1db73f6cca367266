/**
 * examples/gateway-fleet: two metros on one local platform, since a machine has one. Its gateway is compiled here and its Redis is a small
 * one of the tests, because a build of its Dockerfiles would download both.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as https from "node:https";
import * as path from "node:path";
import { localPaths } from "../../../provider/base/localPaths";
import { parseStackExport } from "../../../provider/cli/topology/stackExport";
import { drawTopology } from "../../../provider/cli/topology/topology";
import { ExampleProject } from "../../support/exampleProject";
import { compileGoGuest } from "../../support/goGuest";
import { freePort } from "../../support/freePorts";

const KEY = "api-key-Value";
const BAKE_MS = 1000;
const PASSWORD = "redis-password-Value";
/** What rolls the gateways out, in the order of the names. */
const ROLLED = ["east", "west"].flatMap((metro) => [
  `update RolloutWave gateway-${metro}`,
  `update Service gateway-${metro}`,
]);

describe("examples: gateway-fleet", function () {
  this.timeout(300_000);
  let example: ExampleProject;
  let urls: Readonly<Record<string, string>>;

  before(async () => {
    const port = await freePort();
    example = await ExampleProject.open("gateway-fleet", {
      edits: [
        // Port 443 may be in use on this machine.
        ["index.ts", 'port: 443, destinationPort: 8080, handlers: ["tls", "http"]', `port: ${port}, destinationPort: 8080, handlers: ["tls"]`], // prettier-ignore
        ["gateway/Kraftfile.local", "./Dockerfile", "./rootfs"],
        ["redis/Kraftfile.local", "./Dockerfile", "./rootfs"],
      ],
      config: {
        "gateway-fleet:bakeTimeMs": String(BAKE_MS),
        "gateway-fleet:apiKey": { secret: KEY },
        "gateway-fleet:redisPassword": { secret: PASSWORD },
      },
      ports: [port],
    });
    const at = (file: string): string => path.join(example.project.folder, file);
    await fs.mkdir(at("gateway/rootfs/usr/bin"), { recursive: true });
    await fs.mkdir(at("redis/rootfs/usr/local/bin"), { recursive: true });
    await fs.rename(at("redis/start.sh"), at("redis/rootfs/usr/local/bin/start.sh"));
    await compileGoGuest(at("gateway"), at("gateway/rootfs/usr/bin/gateway"));
    await compileGoGuest("smallRedis", at("redis/rootfs/usr/local/bin/redis-server"));
  });
  after(() => example.close());

  /** Status and body of a request to a metro, whose certificate must be that of its domain. */
  async function get(metro: string, headers: Readonly<Record<string, string>>): Promise<string> {
    const { hostname, port } = new URL(urls[metro] ?? "");
    const ca = await fs.readFile(localPaths().caFile);
    return new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port, servername: hostname, ca, agent: false };
      https
        .get({ ...options, headers: { host: hostname, ...headers } }, (response) => {
          let body = "";
          response.setEncoding("utf8").on("data", (text: string) => (body += text));
          response.on("end", () => resolve(`${response.statusCode} ${body.trim()}`));
        })
        .on("error", reject);
    });
  }
  const greet = (metro: string): Promise<string> => get(metro, { "x-api-key": KEY });

  /** When the gateways of a metro were created. */
  async function createdAtMs(metro: string): Promise<readonly number[]> {
    const { items } = await example.platform.client.getInstances({});
    return items
      .filter(({ name }) => name?.startsWith(`gateway-${metro}-`) === true)
      .map(({ created_at: at }) => Date.parse(at ?? ""));
  }

  it("is created in two metros, each with a Redis of its own", async () => {
    const { outputs, output } = await example.up();
    urls = outputs["urls"] as Readonly<Record<string, string>>;
    assert.deepEqual(Object.keys(urls), ["east", "west"]);
    assert.match(await greet("east"), /^200 Hello from \S+, request 1$/);
    assert.match(await greet("west"), /^200 Hello from \S+, request 1$/);
    assert.match(await greet("west"), /^200 Hello from \S+, request 2$/);
    assert.equal(await get("west", { "x-api-key": "another" }), "401 wrong key");
    assert.equal((await example.platform.virtualMachines()).length, 5);
    const state = await example.project.readStoredState();
    for (const secret of [KEY, PASSWORD]) assert.ok(!output.includes(secret) && !state.includes(secret));
  });

  it("has plain outputs, for other stacks", async () => {
    const { resources } = await example.stack.state();
    const outputs = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
    const digests = outputs["digests"] as Readonly<Record<string, string>>;
    assert.deepEqual(outputs["urls"], urls);
    assert.match(digests["east"] ?? "", /^sha256:[0-9a-f]{64}$/);
    assert.equal(digests["west"], digests["east"]);
  });

  it("has the component's providers and transformations in its resources", async () => {
    const { resources } = await example.stack.state();
    const named = (name: string) => resources.find(({ urn }) => urn.endsWith(`::${name}`));
    for (const metro of ["east", "west"])
      for (const name of [`gateway-${metro}`, `gateway-redis-${metro}`])
        assert.match(String(named(name)?.["provider"]), new RegExp(`::pulumi:providers:pulumi-nodejs::${metro}::`));
    const { items } = await example.platform.client.getInstances({});
    const tagged = items.filter(({ tags }) => tags?.includes("team:edge") === true);
    assert.deepEqual(tagged.map(({ name }) => name?.replace(/-[0-9a-f]{7}$/, "")).sort(), [
      "gateway-redis-east",
      "gateway-redis-west",
    ]);
  });

  it("is in the engine's state what its picture shows", async () => {
    const textsOf = (svg: string): readonly string[] =>
      [...svg.matchAll(/<text [^>]*>([^<]*)</g)].map(([, text]) => text ?? "");
    const { resources } = await example.stack.state();
    const drawn = textsOf(drawTopology(parseStackExport(JSON.stringify({ deployment: { resources } }), "the state")));
    const committed = textsOf(await fs.readFile(path.join(example.project.folder, "topology.svg"), "utf8"));
    const { port } = new URL(urls["east"] ?? "");
    assert.deepEqual(
      drawn.map((text) => text.replace(`${port} tls →`, "443 tls, http →")),
      committed,
    );
  });

  it("changes nothing on the second run", async () => {
    await example.secondUpIsEmpty();
  });

  it("rolls a new greeting out, one metro after the other, and a Redis that restarts keeps what it has", async () => {
    await example.change(
      {
        config: { "gateway-fleet:greeting": "Good morning" },
        edits: [["index.ts", "image: redis, memoryMb: 128", "image: redis, memoryMb: 144"]],
      },
      [...ROLLED, "update Instance gateway-redis-east", "update Instance gateway-redis-west"],
    );
    const [east, west] = [await createdAtMs("east"), await createdAtMs("west")];
    assert.deepEqual([east.length, west.length], [1, 2]);
    assert.ok(Math.min(...west) - Math.max(...east) >= BAKE_MS, `east ${String(east)}, west ${String(west)}`);
    assert.match(await greet("east"), /^200 Good morning from \S+, request 2$/);
    assert.match(await greet("west"), /^200 Good morning from \S+, request 3$/);
  });

  it("shows no drift", () => example.refreshFindsNothing());

  it("is destroyed completely", () => example.destroyLeavesNothing());
});
