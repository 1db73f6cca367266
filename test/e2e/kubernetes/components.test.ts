/** GatewayOnKubernetes and UnikernelDeployment on a real API server, changed in the ways in which a platform team changes them. */
import assert from "node:assert/strict";
import { requireTool } from "../../support/builders";
import { type Stack, assertSucceeded, changingSteps } from "../../support/engine";
import type { KubernetesObject } from "../../support/kubernetes/api";
import { type TestCluster, startKubernetes } from "../../support/kubernetes/cluster";
import { eventually } from "../../support/kubernetes/eventually";
import { type GatewayImages, compileGatewayImages } from "../../support/kubernetes/gatewayImages";
import { type TestKubelet, startTestKubelet } from "../../support/kubernetes/kubelet/testKubelet";
import { type DescribedObject, validateOnServer } from "../../support/kubernetes/validate";
import { TestProject } from "../../support/project";

const IMAGE = "test/tyk-gateway:5.8.3";
const NAMESPACE = "/apis/apps/v1/namespaces/edge";

/** It serves the files of its root. */
const BUSYBOX = { files: { "/bin/busybox": requireTool("busybox") }, entrypoint: ["/bin/busybox"] };
/** It does nothing for as long as the test takes. */
const SLEEPER = { ...BUSYBOX, entrypoint: ["/bin/busybox", "sleep", "600"] };

/** A kind of the Tyk operator, which is not installed. */
const definitionOf = (kind: string, plural: string) => ({
  ...{ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" },
  metadata: { name: `${plural}.tyk.tyk.io` },
  spec: {
    ...{ group: "tyk.tyk.io", scope: "Namespaced", names: { plural, singular: kind.toLowerCase(), kind } },
    versions: [
      {
        ...{ name: "v1alpha1", served: true, storage: true },
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
});

/** @param north more arguments of one of the two gateways */
const program = (north: string): string => `
import * as k8s from "@pulumi/kubernetes";
import { GatewayOnKubernetes, UnikernelDeployment } from "pulumi-unikernel/kubernetes";

const namespace = new k8s.core.v1.Namespace("edge", { metadata: { name: "edge" } }).metadata.name;
const common = {
  image: "${IMAGE}",
  namespace,
  tyk: { version: "5.8.3", secret: "tyk-secret-Value" },
  redis: { image: "redis:7.2", password: "redis-password-Value" },
  operator: { apis: { orders: { name: "orders", active: true } } },
};
new GatewayOnKubernetes("north", { ...common, ${north} });
new GatewayOnKubernetes("south", { ...common, replicas: 1 });

const urunc = new k8s.node.v1.RuntimeClass("urunc", { metadata: { name: "urunc" }, handler: "urunc" });
new UnikernelDeployment(
  "site",
  {
    ...{ image: "test/busybox:1", namespace, ports: [{ port: 80, destinationPort: 8080 }] },
    runtime: { kind: "urunc", args: ["httpd", "-f", "-p", "$(LISTEN_HOST):8080"] },
  },
  { dependsOn: [urunc] },
);
new UnikernelDeployment("cloud", {
  ...{ image: "test/sleeper:1", namespace, replicas: 1, ports: [{ port: 443, destinationPort: 8081 }] },
  env: { LEVEL: "info" },
  secrets: { TOKEN: "token-Value" },
  runtime: { kind: "virtualKubelet", scaleToZero: { policy: "idle", stateful: true, cooldownTimeMs: 2000 }, domain: "api.example.com" },
});
`;

interface Deployment extends KubernetesObject {
  readonly metadata: KubernetesObject["metadata"] & { readonly uid: string };
  readonly spec: { readonly replicas: number };
  readonly status: { readonly availableReplicas?: number };
}

describe("Kubernetes: the components", function () {
  this.timeout(300_000);
  let cluster: TestCluster;
  let kubelet: TestKubelet;
  let programs: GatewayImages;
  let project: TestProject;
  let stack: Stack;

  before(async () => {
    programs = await compileGatewayImages(IMAGE);
    cluster = await startKubernetes();
    kubelet = await startTestKubelet(cluster, {
      images: { ...programs.images, "test/busybox:1": BUSYBOX, "test/sleeper:1": SLEEPER },
      nodes: [
        { name: "left", labels: { "urunc.io/urunc-runtime": "true" } },
        { name: "right", labels: { "unikraft.com/virtual-kubelet": "true" } },
      ],
      storageClasses: [{ name: "shared", accessModes: ["ReadWriteMany", "ReadWriteOnce"] }],
      runtimeHandlers: ["urunc"],
    });
    await cluster.api.patch("/apis/storage.k8s.io/v1/storageclasses/shared", {
      metadata: { annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    });
    for (const [kind, plural] of [
      ["ApiDefinition", "apidefinitions"],
      ["OperatorContext", "operatorcontexts"],
    ] as const)
      await cluster.api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definitionOf(kind, plural));
    project = await TestProject.copy("test/fixtures/projects/kubernetes");
    stack = project.stack({}, cluster.environment, { plugins: cluster.plugins });
  });
  after(async () => {
    await project.remove();
    await kubelet.stop();
    await cluster.stop();
    await programs.remove();
  });

  const up = async (north: string): Promise<readonly string[]> => {
    await project.write("index.ts", program(north));
    return changingSteps(assertSucceeded(await stack.up())).map(({ op, kind, name }) => `${op} ${kind} ${name}`);
  };
  const find = async (prefix: string): Promise<Deployment> => {
    const all = await cluster.api.list<Deployment>(`${NAMESPACE}/deployments`);
    return all.find(({ metadata }) => metadata.name.startsWith(`${prefix}-`)) ?? assert.fail(`no ${prefix}`);
  };
  /** The fewest gateways that could serve while the work went on. */
  const fewestDuring = async (work: Promise<unknown>): Promise<number> => {
    let isOver = false;
    let fewest = Infinity;
    const watching = (async () => {
      while (!isOver) fewest = Math.min(fewest, (await find("north")).status.availableReplicas ?? 0);
    })();
    await work.finally(() => (isOver = true));
    await watching;
    return fewest;
  };

  it("run two gateways with the same APIs in one namespace, and unikernels in a RuntimeClass", async () => {
    await up("replicas: 2");
    const definitions = await cluster.api.list("/apis/tyk.tyk.io/v1alpha1/namespaces/edge/apidefinitions");
    assert.deepEqual(definitions.map(({ metadata }) => metadata.name).sort(), ["north-orders", "south-orders"]);
    const policies = await cluster.api.list("/apis/networking.k8s.io/v1/namespaces/edge/networkpolicies");
    assert.equal(policies.length, 2);
    assert.equal((await find("site")).status.availableReplicas, 2);
    assert.equal((await find("cloud")).status.availableReplicas, 1);
    const budgets = await cluster.api.list("/apis/policy/v1/namespaces/edge/poddisruptionbudgets");
    assert.equal(budgets.length, 2, "of north and of the unikernels");
  });

  it("keep all gateways when an autoscaler comes, and what it makes of their number", async () => {
    const fewest = await fewestDuring(up("replicas: 2, autoscale: { maxReplicas: 9 }"));
    assert.deepEqual([fewest, (await find("north")).spec.replicas], [2, 2]);
    // The controller scales up to the new minimum, and owns the field from then on.
    await up("replicas: 2, autoscale: { minReplicas: 3, maxReplicas: 9 }");
    await eventually("three", async () => ((await find("north")).spec.replicas === 3 ? true : undefined));
    await up("replicas: 2, autoscale: { minReplicas: 3, maxReplicas: 9 }, memoryMb: 256");
    assert.equal((await find("north")).spec.replicas, 3);
  });

  it("render objects that the server accepts with strict validation", async () => {
    const { resources } = await stack.state();
    const objects = resources.filter(({ type }) => type.startsWith("kubernetes:"));
    const kinds = new Set(objects.map(({ type }) => type.split(":").at(-1)));
    for (const kind of ["HorizontalPodAutoscaler", "NetworkPolicy", "OperatorContext", "PodDisruptionBudget"])
      assert.ok(kinds.has(kind), kind);
    // Those of a Secret are encrypted in the state.
    for (const { inputs, type } of objects)
      if (!type.endsWith(":Secret")) await validateOnServer(cluster.api, inputs as unknown as DescribedObject);
  });

  it("have the number of the program again without an autoscaler, and then no drift", async () => {
    // The autoscaler is deleted after the Deployment is updated; a number that it allows, it leaves alone.
    await up("replicas: 4, memoryMb: 256");
    assert.equal((await find("north")).spec.replicas, 4);
    assert.deepEqual(changingSteps(assertSucceeded(await stack.refresh())), []);
  });
});
