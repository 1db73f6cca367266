import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { answerInvokes } from "../../../../provider/pulumi/invoke";
import * as unikernel from "../../../../sdk";
import { mockPlatform } from "../../../../sdk/testing";

const SITE = path.resolve("examples/quickstart/site");

/** The vendor's proof of concept, with a Redis that has a password, a volume, and a start before the gateway. */
const COMPOSE = `name: tyk
services:
  gateway:
    build: {context: ./site}
    ports: ["443:8080"]
    environment:
      TYK_GW_SLAVEOPTIONS_CONNECTIONSTRING: \${MDCB_URL}
      TYK_GW_SLAVEOPTIONS_APIKEY: \${MDCB_KEY}
    mem_reservation: 1024M
    depends_on: [redis]
  redis:
    image: redis:7.2
    command: [redis-server, --requirepass, "\${REDIS_PASSWORD}"]
    mem_reservation: 512M
    restart: always
    volumes: [data:/data]
volumes:
  data: {driver_opts: {size: 128m}}
`;

/** The same by hand. */
function handWritten(): void {
  const image = new unikernel.GatewayImage("tyk-gateway", { context: "site" });
  const data = new unikernel.Volume("tyk-data", { sizeMb: 128 });
  const redis = new unikernel.Instance("tyk-redis", {
    name: "tyk-redis",
    image: "redis:7.2",
    args: ["redis-server", "--requirepass", pulumi.secret("redis-Value")],
    memoryMb: 512,
    restartPolicy: "always",
    env: {},
    volumes: [{ volume: data.id, at: "/data" }],
  });
  new unikernel.Service(
    "tyk-gateway",
    {
      ports: [
        { port: 443, destinationPort: 8080, handlers: ["http", "tls"] },
        { port: 80, destinationPort: 443, handlers: ["http", "redirect"] },
      ],
      replicas: 1,
      template: {
        image,
        memoryMb: 1024,
        env: {
          TYK_GW_SLAVEOPTIONS_CONNECTIONSTRING: pulumi.secret("mdcb.example.com:9091"),
          TYK_GW_SLAVEOPTIONS_APIKEY: pulumi.secret("mdcb-Value"),
        },
      },
    },
    { dependsOn: [redis] },
  );
}

describe("fromCompose", function () {
  this.timeout(60_000); // the first run loads the provider
  let folder: string;
  let before: string;
  const write = (name: string, text: string): Promise<void> => fs.writeFile(path.join(folder, name), text);

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-compose-"));
    await fs.cp(SITE, path.join(folder, "site"), { recursive: true });
    await write("compose.yaml", COMPOSE);
    await write(".env", "MDCB_URL=mdcb.example.com:9091\nMDCB_KEY=mdcb-Value\nREDIS_PASSWORD=redis-Value\n");
    before = process.cwd();
    process.chdir(folder); // as Pulumi does for a program
  });
  afterEach(async () => {
    process.chdir(before);
    answerInvokes(undefined);
    await fs.rm(folder, { recursive: true, force: true });
  });

  it("registers the same resources as the stack written by hand", async () => {
    const [composed, written] = [mockPlatform(), mockPlatform()];
    await composed.run(() => unikernel.fromCompose("./compose.yaml", { envFile: "./.env" }));
    await written.run(handWritten);
    const resourcesOf = ({ resources }: typeof composed) =>
      resources
        .filter(({ kind }) => kind !== "unikernel:index:ComposeProject")
        .map(({ kind, name, inputs }) => ({ kind, name, inputs: withoutGeneratedNames(inputs) }))
        .sort((a, b) => (a.kind < b.kind ? -1 : 1));
    assert.deepEqual(resourcesOf(composed), resourcesOf(written));
    assert.equal(resourcesOf(composed).length, 4);
  });

  it("returns the resources of each service, and keeps what comes from the file secret", async () => {
    const platform = mockPlatform();
    const outputs = await platform.run(() => {
      const project = unikernel.fromCompose("compose.yaml");
      const [gateway, redis] = [project.service("gateway"), project.service("redis")];
      assert.ok(gateway.service !== undefined && redis.instances[0] !== undefined && gateway.image !== undefined);
      return {
        urls: project.urls,
        url: gateway.url,
        noName: gateway.privateFqdn,
        name: redis.privateFqdn,
        noUrl: redis.url,
        secrets: [
          pulumi.isSecret(redis.instances[0].args),
          pulumi.isSecret(gateway.service.template),
          pulumi.isSecret(project.urls),
        ],
      };
    });
    const { url, ...others } = outputs as { url: string };
    assert.match(url, /^https:\/\/tyk-gateway-[0-9a-f]{7}\.localhost$/);
    assert.deepEqual(others, {
      urls: { gateway: url },
      noName: "",
      name: "tyk-redis.internal",
      noUrl: "",
      secrets: [true, true, false],
    });
  });

  it("puts an instance with a private name behind its ports", async () => {
    await write(
      "compose.yaml",
      "name: p\nservices: {web: {image: i, ports: ['443:80'], container_name: web, domainname: a.b}}",
    );
    const platform = mockPlatform();
    await platform.run(() => unikernel.fromCompose("compose.yaml"));
    const { inputs, outputs } = platform.find("Service", "p-web");
    assert.deepEqual([inputs["replicas"], inputs["template"], inputs["domains"]], [0, undefined, [{ name: "a.b" }]]);
    const instance = platform.find("Instance", "p-web");
    assert.deepEqual(
      [instance.inputs["name"], typeof instance.inputs["service"], typeof outputs],
      ["web", "string", "object"],
    );
  });

  it("creates replicas, jobs, mounts and everything that a workload has", async () => {
    await write(
      "compose.yaml",
      `name: p
services:
  job: {image: i, container_name: the-job}
  web:
    image: i
    scale: 2
    hostname: h
    annotations: {a: b}
    volumes: [/cache, "theirs:/t:ro", "own:/o:ro"]
    depends_on: {job: {condition: service_completed_successfully}}
  edge: {image: i, ports: ["443:80"], labels: {cloud.unikraft.v1.instances/scale_to_zero.policy: idle}}
  image: {image: ghcr.io/acme/image:1, build: {context: ./site, x-kraftfile: Kraftfile, args: {A: 1}}}
volumes: {theirs: {external: true}, own: {name: fixed}}
`,
    );
    const platform = mockPlatform();
    await platform.run(() => {
      const theirs = new unikernel.Volume("theirs", { name: "theirs", sizeMb: 64 });
      unikernel.fromCompose("compose.yaml", {}, { dependsOn: [theirs] });
    });
    assert.equal(platform.find("Volume", "p-own").inputs["name"], "fixed");
    assert.equal(platform.find("Instance", "p-job").inputs["waitFor"], "completed");
    const second = platform.find("Instance", "p-web-2").inputs;
    assert.deepEqual(
      ["name", "hostname", "annotations", "volumes", "ephemeralVolumes"].map((key) => second[key]),
      [
        "p-web-2",
        "h",
        { a: "b" },
        [
          { volume: "theirs", at: "/t", readonly: true },
          { volume: (second["volumes"] as { volume: string }[])[1]?.volume, at: "/o", readonly: true },
        ],
        [{ at: "/cache", sizeMb: 64 }],
      ],
    );
    const template = platform.find("Service", "p-edge").inputs["template"] as { scaleToZero: object };
    assert.deepEqual(template.scaleToZero, { policy: "idle" });
    const image = platform.find("GatewayImage", "p-image").inputs;
    assert.deepEqual(
      [image["kraftfile"], image["repository"], (image["build"] as { args: object }).args],
      ["Kraftfile", "ghcr.io/acme/image", { A: "1" }],
    );
  });

  it("fails at the program's line for a file that is wrong, and for a service that is not there", async () => {
    const failing = async (program: () => unknown, message: RegExp): Promise<void> =>
      assert.rejects(
        mockPlatform().run(() => void program()),
        message,
      );
    await failing(
      () => unikernel.fromCompose("none.yaml"),
      /COMPOSE_INVALID: none.yaml:1:1: 'none.yaml' does not exist; correct the path\./,
    );
    await failing(() => unikernel.fromCompose("site"), /COMPOSE_INVALID: 'site' cannot be used: it is not a file\./);
    await fs.writeFile(path.join(folder, "windows.yaml"), Buffer.from("\uFEFFservices: {a: {image: i}}", "utf16le"));
    await failing(
      () => unikernel.fromCompose("windows.yaml"),
      /COMPOSE_INVALID: 'windows.yaml' cannot be used: it is not UTF-8; save it as UTF-8\./,
    );
    // The program ends: resources that a failed one left behind would be registered during the next test.
    await mockPlatform().run(() => {
      const project = unikernel.fromCompose("compose.yaml");
      assert.throws(
        () => project.service("cache"),
        /INPUT_INVALID: The Compose project has no active service 'cache'; it has redis, gateway\./,
      );
    });
    await write("compose.yaml", "services: {a: {image: i, secrets: [s]}, b: {}}");
    await failing(
      () => unikernel.fromCompose("compose.yaml", { project: "p" }),
      /COMPOSE_INVALID: compose.yaml:1:26: service 'a': 'secrets' is not supported\. .*\ncompose.yaml:1:\d+: service 'b'/,
    );
  });
});

/** Names that the library chooses derive from the parents of a resource, of which the project is one; ids are random. */
const withoutGeneratedNames = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_key, inner: unknown) =>
    typeof inner === "string"
      ? inner.replace(/-[0-9a-f]{7}(?![0-9a-z])/g, "-GENERATED").replace(/^[0-9a-f]{8}-[0-9a-f-]{27}$/, "UUID")
      : inner,
  );
