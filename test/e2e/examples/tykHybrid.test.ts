/**
 * examples/tyk-hybrid: a control plane in a real Kubernetes API, and a data plane in VMs that reads its outputs. MDCB, the gateway and Redis
 * are small programs of the tests: that of MDCB cannot be downloaded, and a build of the Dockerfiles would download the others.
 */
import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as https from "node:https";
import * as os from "node:os";
import * as path from "node:path";
import { localPaths } from "../../../provider/base/localPaths";
import { makeCertificate } from "../../support/certificates";
import { ExampleProject } from "../../support/exampleProject";
import { compileGoGuest } from "../../support/goGuest";
import { freePort } from "../../support/freePorts";
import { type TestCluster, startKubernetes } from "../../support/kubernetes/cluster";
import { type TestKubelet, startTestKubelet } from "../../support/kubernetes/kubelet/testKubelet";
import { type LoadBalancer, startLoadBalancer } from "../../support/kubernetes/loadBalancer";
import { type DescribedObject, validateOnServer } from "../../support/kubernetes/validate";
import { eventually, findProcessesOf } from "../../support/localPlatform";

const [KEY, NEXT_KEY, ORGANISATION, TYK_SECRET, REDIS_PASSWORD] = [
  "mdcb-key-Value",
  "next-key-Value",
  "5e9d9544a1dcd60001d0ed20",
  "tyk-secret-Value",
  "redis-pw-Value",
];
const OWN_SECRETS = ["licence-Value", "own-redis-Value", "postgres-Value"] as const;
const MDCB_IMAGE = "tykio/tyk-mdcb-docker:v2.12.0";
/** The name of this machine in guests that may reach it. */
const HOST = "host.internal";
const sha256 = (text: string): string => crypto.createHash("sha256").update(text).digest("hex");

describe("examples: tyk-hybrid", function () {
  this.timeout(300_000);
  let cluster: TestCluster;
  let kubelet: TestKubelet;
  let balancer: LoadBalancer;
  let folder: string;
  let dataPlane: ExampleProject;
  let controlPlane: ExampleProject;
  let port: number;
  let mdcbPort: number;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-hybrid-"));
    [port, mdcbPort] = [await freePort(), await freePort()];
    const { chain, pkey } = makeCertificate("mdcb", [HOST]);
    await compileGoGuest("mdcb", path.join(folder, "mdcb"));
    await setKeys(KEY);
    cluster = await startKubernetes();
    kubelet = await startTestKubelet(cluster, {
      images: {
        [MDCB_IMAGE]: {
          files: { "/opt/tyk-sink/tyk-sink": path.join(folder, "mdcb"), "/keys": path.join(folder, "keys") },
          entrypoint: ["/nothing"],
        },
      },
    });
    await cluster.api.create("/api/v1/namespaces", { metadata: { name: "tyk" } });
    await cluster.api.create("/api/v1/namespaces/tyk/secrets", {
      metadata: { name: "mdcb-tls" },
      type: "kubernetes.io/tls",
      stringData: { "tls.crt": chain, "tls.key": pkey },
    });
    dataPlane = await ExampleProject.open("tyk-hybrid", {
      edits: [
        // Ports 443 and 80 may be in use on this machine.
        ["index.ts", 'port: 443, destinationPort: tyk.listenPort, handlers: ["tls", "http"]', `port: ${port}, destinationPort: tyk.listenPort, handlers: ["tls"]`], // prettier-ignore
        ["index.ts", '    { port: 80, destinationPort: 443, handlers: ["http", "redirect"] },\n', ""],
        ["index.ts", "replicas: 2", "replicas: 1"],
        ["compose.yaml", "deploy: { replicas: 2 }", "deploy: { replicas: 1 }"],
        ["gateway/Kraftfile.local", "./Dockerfile", "./rootfs"],
        ["redis/Kraftfile.local", "./Dockerfile", "./rootfs"],
      ],
      // As Go programs find the authorities that they trust; the real image has those of the Internet there.
      files: { "gateway/rootfs/etc/ssl/certs/ca-certificates.crt": chain },
      config: {
        "tyk-hybrid:controlPlane": "organization/tyk-control-plane/test",
        "tyk-hybrid:tykSecret": { secret: TYK_SECRET },
        "tyk-hybrid:redisPassword": { secret: REDIS_PASSWORD },
      },
      ports: [port],
    });
    for (const [guest, binary] of [
      ["hybridGateway", "gateway/rootfs/usr/bin/tyk"],
      ["smallRedis", "redis/rootfs/usr/bin/redis-server"],
    ] as const) {
      const file = path.join(dataPlane.project.folder, binary);
      await fs.mkdir(path.dirname(file), { recursive: true });
      await compileGoGuest(guest, file);
    }
    const [licence, redisPassword, database] = OWN_SECRETS;
    controlPlane = await ExampleProject.open("tyk-hybrid/control-plane", {
      beside: dataPlane,
      environment: cluster.environment,
      plugins: cluster.plugins,
      config: {
        "tyk-control-plane:host": HOST,
        "tyk-control-plane:port": String(mdcbPort),
        "tyk-control-plane:licence": { secret: licence },
        "tyk-control-plane:redisPassword": { secret: redisPassword },
        "tyk-control-plane:database": { secret: `host=postgres.tyk.svc password=${database}` },
        "tyk-control-plane:apiKey": { secret: KEY },
        "tyk-control-plane:organisation": ORGANISATION,
      },
    });
    balancer = await startLoadBalancer(mdcbPort, async () =>
      kubelet.endpoints("tyk", await nameOf("Service", "mdcb"), mdcbPort),
    );
  });
  after(async () => {
    balancer.stop();
    await controlPlane.close();
    await dataPlane.close();
    await kubelet.stop();
    await cluster.stop();
    await fs.rm(folder, { recursive: true, force: true });
  });

  /** The keys that the Dashboard's database has. */
  async function setKeys(...keys: readonly string[]): Promise<void> {
    await fs.writeFile(path.join(folder, "keys"), keys.join("\n"));
  }

  /** Name of an object of the control plane in the cluster. */
  async function nameOf(kind: string, name: string): Promise<string> {
    const { resources } = await controlPlane.stack.state();
    const found = resources.find(({ type, urn }) => type.endsWith(`:${kind}`) && urn.endsWith(`::${name}`));
    return found?.id?.split("/").at(-1) ?? "";
  }

  /** True if a pod of MDCB has let in a data plane with this key. */
  async function hasLetIn(key: string): Promise<boolean> {
    const pods = await kubelet.endpoints("tyk", await nameOf("Service", "mdcb"), mdcbPort);
    const logs = await Promise.all(pods.map(({ pod }) => kubelet.readLog("tyk", pod, "mdcb")));
    return logs.some((log) => log.includes(sha256(key)));
  }

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

  /** Without a gate, as in a Compose project, an update does not wait until the gateway is ready. */
  async function becomesReady(url: unknown): Promise<void> {
    const isReady = async (): Promise<boolean> => /^200 .*"description":"Tyk GW Ready"/.test(await get(url, "/ready"));
    await eventually("the gateway is ready", isReady);
  }

  /** Asserts that no secret is in the output, the states, the logs, or the arguments of a process. */
  async function assertHidden(output: string): Promise<void> {
    const { stateDir } = localPaths();
    const logs: string[] = [];
    for (const entry of await fs.readdir(stateDir, { recursive: true, withFileTypes: true }))
      if (entry.isFile() && /log/.test(entry.name))
        logs.push(await fs.readFile(path.join(entry.parentPath, entry.name), "latin1"));
    assert.ok(logs.length > 0, "there are logs");
    const processes = (await findProcessesOf(stateDir)).map(({ command }) => command);
    assert.ok(processes.length > 1, "there are processes");
    const places = {
      output,
      "data plane's state": await dataPlane.readStoredState(),
      "control plane's state": await controlPlane.readStoredState(),
      logs: logs.join(),
      processes: processes.join(),
    };
    for (const [place, text] of Object.entries(places))
      for (const secret of [KEY, NEXT_KEY, TYK_SECRET, REDIS_PASSWORD, ...OWN_SECRETS])
        assert.ok(!text.includes(secret), `${secret} is in the ${place}`);
  }

  /** The text of .env. */
  const variables = (key: string): string =>
    [
      `MDCB_URL=${HOST}:${mdcbPort}`,
      `MDCB_KEY=${key}`,
      `TYK_ORGANISATION=${ORGANISATION}`,
      `TYK_SECRET=${TYK_SECRET}`,
      `REDIS_PASSWORD='${REDIS_PASSWORD}'`,
      "KRAFTFILE=Kraftfile.local",
      `PORT=${port} # free here`,
      "",
    ].join("\n");

  it("has a control plane in the cluster, whose outputs tell where it is and keep the key secret", async () => {
    const { outputs, output } = await controlPlane.up();
    assert.deepEqual(outputs, {
      address: "10.97.0.1", // where the test cluster has all load balancers
      mdcbUrl: `${HOST}:${mdcbPort}`,
      mdcbKey: KEY,
      organisationId: ORGANISATION,
    });
    const { resources } = await controlPlane.stack.state();
    const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
    const isSecret = (name: string): boolean => JSON.stringify(stack?.outputs?.[name]).includes('"ciphertext"');
    assert.deepEqual(["mdcbUrl", "mdcbKey", "organisationId"].map(isSecret), [false, true, true]);
    for (const secret of [KEY, ...OWN_SECRETS]) assert.ok(!output.includes(secret));
    const objects = resources.filter(({ type }) => type.startsWith("kubernetes:") && !type.endsWith(":Secret"));
    assert.equal(objects.length, 4);
    for (const { inputs } of objects) await validateOnServer(cluster.api, inputs as unknown as DescribedObject);
    await controlPlane.secondUpIsEmpty();
  });

  it("has a gateway that finds its Redis and the control plane, and waits until both accept it", async () => {
    const { outputs, output } = await dataPlane.up();
    assert.match(await get(outputs["url"], "/ready"), /^200 .*"description":"Tyk GW Ready"/);
    assert.equal(await get(outputs["url"], "/redis"), `200 ${String(outputs["redisHost"])}:6379`);
    assert.match(String(outputs["redisHost"]), /^redis-[0-9a-f]{7}\.internal$/);
    assert.ok(await hasLetIn(KEY));
    await assertHidden(output);
    await dataPlane.secondUpIsEmpty();
  });

  it("rolls the gateway out when the control plane has another key, and nothing else", async () => {
    await setKeys(KEY, NEXT_KEY);
    await controlPlane.change({ config: { "tyk-control-plane:apiKey": { secret: NEXT_KEY } } }, []);
    assert.equal(await hasLetIn(NEXT_KEY), false);
    const { output, outputs } = await dataPlane.change({}, ["update Service gateway"]);
    await setKeys(NEXT_KEY);
    assert.match(await get(outputs["url"], "/ready"), /^200 /);
    assert.ok(await hasLetIn(NEXT_KEY));
    await assertHidden(output);
    await dataPlane.refreshFindsNothing();
  });

  it("is the same from compose.yaml and .env, which replace the program in the same stack", async () => {
    const names = (await fs.readFile(path.join(dataPlane.project.folder, ".env.example"), "utf8")).match(/^\w+(?==)/gm);
    assert.deepEqual(names, [...variables("").matchAll(/^\w+(?==)/gm)].map(String).slice(0, 6));
    await dataPlane.apply({
      edits: [["Pulumi.yaml", "main: index.ts", "main: compose.ts"]],
      files: { ".env": variables("").replace(/^REDIS_PASSWORD=.*$/m, "") },
    });
    await dataPlane.previewFails(/COMPOSE_INVALID: .*\n?.*the variable REDIS_PASSWORD is required: set it in \.env\./);
    await dataPlane.apply({ files: { ".env": variables(NEXT_KEY) } });
    const { outputs, output } = await dataPlane.up();
    assert.equal(outputs["redisHost"], "tyk-redis.internal");
    await becomesReady(outputs["url"]);
    assert.equal(await get(outputs["url"], "/redis"), "200 tyk-redis.internal:6379");
    await assertHidden(output);
    await dataPlane.secondUpIsEmpty();
  });

  it("rolls the gateway out when .env has another key", async () => {
    await setKeys(KEY, NEXT_KEY);
    const { output, outputs } = await dataPlane.change({ files: { ".env": variables(KEY) } }, [
      "update Service tyk-gateway",
    ]);
    await setKeys(KEY);
    await becomesReady(outputs["url"]);
    await assertHidden(output);
    await dataPlane.refreshFindsNothing();
    await dataPlane.destroyLeavesNothing();
  });

  it("leaves nothing in the cluster", async () => {
    await controlPlane.refreshFindsNothing();
    await controlPlane.destroyLeavesNothing();
    const left = await cluster.api.list("/apis/apps/v1/namespaces/tyk/deployments");
    assert.deepEqual(left, []);
  });
});
