/** examples/tyk-kubernetes on a real API server: three gateways that load the same changed definition. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { assertSucceeded } from "../../support/engine";
import { ExampleProject, changesOf } from "../../support/exampleProject";
import type { KubernetesObject } from "../../support/kubernetes/api";
import { type TestCluster, startKubernetes } from "../../support/kubernetes/cluster";
import { eventually } from "../../support/kubernetes/eventually";
import { type GatewayImages, compileGatewayImages } from "../../support/kubernetes/gatewayImages";
import { type TestKubelet, startTestKubelet } from "../../support/kubernetes/kubelet/testKubelet";
import { type DescribedObject, validateOnServer } from "../../support/kubernetes/validate";
import { httpGet } from "../../support/loadGenerator";

const IMAGE = "test/tyk-gateway:5.8.3";
const SECRETS = ["tyk-secret-Value", "redis-password-Value"];
const ORDERS = "apis/orders.json";
const CONFIG = {
  "tyk-kubernetes:image": IMAGE,
  "tyk-kubernetes:storageClass": "disks",
  "tyk-kubernetes:tykSecret": { secret: SECRETS[0] ?? "" },
  "tyk-kubernetes:redisPassword": { secret: SECRETS[1] ?? "" },
};

interface Pod extends KubernetesObject {
  readonly metadata: KubernetesObject["metadata"] & { readonly uid: string };
  readonly spec: { readonly nodeName: string };
}

describe("examples: tyk-kubernetes", function () {
  this.timeout(300_000);
  let cluster: TestCluster;
  let kubelet: TestKubelet;
  let programs: GatewayImages;
  let example: ExampleProject;

  before(async () => {
    programs = await compileGatewayImages(IMAGE);
    cluster = await startKubernetes();
    kubelet = await startTestKubelet(cluster, {
      images: programs.images,
      nodes: [{ name: "left" }, { name: "right" }],
      storageClasses: [{ name: "shared", accessModes: ["ReadWriteMany", "ReadWriteOnce"] }],
    });
    await cluster.api.create("/apis/storage.k8s.io/v1/storageclasses", {
      ...{ apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name: "disks" } },
      provisioner: "disk.csi.azure.com",
    });
    // The one class for claims that name none, such as that of Redis.
    await cluster.api.patch("/apis/storage.k8s.io/v1/storageclasses/shared", {
      metadata: { annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    });
    example = await ExampleProject.open("tyk-kubernetes", {
      environment: cluster.environment,
      plugins: cluster.plugins,
      config: CONFIG,
    });
  });
  after(async () => {
    await example.close();
    await kubelet.stop();
    await cluster.stop();
    await programs.remove();
  });

  /** Name of the one object of a kind in the stack's namespace that begins so. */
  const nameOf = async (kind: string, name: string): Promise<string> => {
    const { resources } = await example.stack.state();
    const found = resources.find(({ type, urn }) => type.endsWith(`:${kind}`) && urn.endsWith(`::${name}`));
    return found?.id?.split("/").at(-1) ?? "";
  };
  const gateways = async (): Promise<readonly { readonly host: string; readonly port: number }[]> =>
    kubelet.endpoints(await nameOf("Namespace", "edge"), await nameOf("Service", "gateway"), 8080);
  const versions = async (): Promise<readonly string[]> =>
    Promise.all(
      (await gateways()).map(async ({ host, port }) => {
        const { status, body } = await httpGet(`http://${host}:${port}/orders/1`);
        return status === 200 ? (JSON.parse(body) as { readonly version: string }).version : String(status);
      }),
    );
  const pods = async (): Promise<readonly Pod[]> =>
    (await cluster.api.list<Pod>(`/api/v1/namespaces/${await nameOf("Namespace", "edge")}/pods`)).filter(
      ({ metadata }) => metadata.name.startsWith("gateway-") && !metadata.name.startsWith("gateway-redis"),
    );

  it("is rejected at preview, by the provider's one sentence, while the cluster is unreachable", async () => {
    const kubeconfig = await fs.readFile(cluster.kubeconfig, "utf8");
    // Nothing listens on port 1.
    await example.project.write("unreachable.yaml", kubeconfig.replace(/(https:\/\/127\.0\.0\.1):\d+/, "$1:1"));
    const environment = { KUBECONFIG: path.join(example.project.folder, "unreachable.yaml") };
    const { succeeded, output } = await example.project
      .stack(CONFIG, environment, { plugins: cluster.plugins })
      .preview();
    assert.equal(succeeded, false);
    assert.match(output, /configured Kubernetes cluster is unreachable: .*connection refused/);
  });

  it("is rejected at preview with a class of disks, in one sentence", async () => {
    await example.previewFails(
      /INPUT_INVALID: GatewayOnKubernetes 'gateway': storage\.storageClass: 'disks' makes disks \(disk\.csi\.azure\.com\), which have no ReadWriteMany; use /,
    );
    await example.apply({ config: { "tyk-kubernetes:storageClass": "shared" } });
  });

  it("is rejected at preview with disks of one node for gateways on several", async () => {
    const shared = 'storage: { storageClass: config.require("storageClass") },';
    const disks = 'storage: { storageClass: config.require("storageClass"), accessMode: "ReadWriteOnce" },';
    await example.apply({ edits: [["index.ts", shared, disks]] });
    await example.previewFails(
      /INPUT_INVALID: GatewayOnKubernetes 'gateway': storage\.accessMode: ReadWriteOnce .* 3 replicas may be on several; /,
    );
    await example.apply({ edits: [["index.ts", disks, shared]] });
  });

  it("starts three gateways that serve the same definitions, with keys from Redis", async () => {
    const { output } = await example.up();
    for (const secret of SECRETS) assert.ok(!output.includes(secret));
    assert.deepEqual(await versions(), ["1", "1", "1"]);
    const [first] = await gateways();
    assert.equal((await httpGet(`http://${first?.host}:${first?.port}/stock/1`)).status, 403);
    assert.deepEqual([...new Set((await pods()).map(({ spec }) => spec.nodeName))].sort(), ["left", "right"]);
    const state = await example.project.readStoredState();
    for (const secret of SECRETS) assert.ok(!state.includes(secret));
  });

  it("renders objects that the server accepts with strict validation, and a Prefix for the Ingress", async () => {
    const { resources } = await example.stack.state();
    const objects = resources
      .filter(({ type }) => type.startsWith("kubernetes:") && !type.endsWith(":StorageClass"))
      .map(({ inputs }) => inputs as unknown as DescribedObject);
    assert.equal(objects.length, 19);
    // Encrypted in the state, and so no text of a Secret.
    for (const object of objects.filter(({ kind }) => kind !== "Secret")) await validateOnServer(cluster.api, object);
    const ingress = objects.find(({ kind }) => kind === "Ingress") as unknown as {
      readonly spec: { readonly rules: readonly [{ readonly http: { readonly paths: readonly object[] } }] };
    };
    const [rule] = ingress.spec.rules[0].http.paths;
    assert.deepEqual(rule, {
      ...{ path: "/", pathType: "Prefix" },
      backend: { service: { name: await nameOf("Service", "gateway"), port: { name: "http" } } },
    });
  });

  it("changes nothing until a file changes", async () => {
    await example.secondUpIsEmpty();
  });

  it("makes all gateways load a changed definition, and restarts none", async () => {
    const before = (await pods()).map(({ metadata }) => metadata.uid).sort();
    await example.apply({ edits: [[ORDERS, '"version": "1"', '"version": "2"']] });
    const previewed = assertSucceeded(await example.stack.preview());
    assert.deepEqual(await versions(), ["1", "1", "1"], previewed.output);
    const result = await example.up();
    assert.deepEqual(
      changesOf(result).filter((change) => change.startsWith("update")),
      [],
    );
    await eventually("the new definition everywhere", async () =>
      (await versions()).every((version) => version === "2") ? true : undefined,
    );
    assert.deepEqual(await versions(), ["2", "2", "2"]);
    assert.deepEqual((await pods()).map(({ metadata }) => metadata.uid).sort(), before);
  });

  it("finds no drift", async () => {
    // The provider adds inputs to a class that was only looked up, when it reads it for the first time.
    const changes = changesOf(assertSucceeded(await example.stack.refresh()));
    assert.deepEqual(
      changes.filter((change) => !change.includes("gateway-storage")),
      [],
    );
  });

  it("leaves nothing behind", async () => {
    const namespace = await nameOf("Namespace", "edge");
    await example.destroyLeavesNothing();
    assert.equal(await cluster.api.find(`/api/v1/namespaces/${namespace}`), undefined);
  });
});
