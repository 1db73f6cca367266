/** The Kubernetes API of the tests, with literal Pulumi and the Kubernetes provider. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type Stack, assertSucceeded, changingSteps } from "../../support/engine";
import type { KubernetesObject } from "../../support/kubernetes/api";
import { type TestCluster, startKubernetes } from "../../support/kubernetes/cluster";
import { eventually } from "../../support/kubernetes/eventually";
import { type TestKubelet, startTestKubelet } from "../../support/kubernetes/kubelet/testKubelet";
import { findKubernetes } from "../../support/kubernetes/tools";
import { type DescribedObject, validateOnServer } from "../../support/kubernetes/validate";
import { webImage } from "../../support/kubernetes/webImage";
import { httpGet } from "../../support/loadGenerator";
import { TestProject } from "../../support/project";

const PODS = "/api/v1/namespaces/shop/pods";

const ROUTE: DescribedObject & Readonly<Record<string, unknown>> = {
  apiVersion: "example.com/v1",
  kind: "Route",
  metadata: { name: "shop" },
  spec: { path: "/shop" },
};

/** A CustomResourceDefinition whose objects have a path that starts with a slash. */
const DEFINITION = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "routes.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "routes", singular: "route", kind: "Route" },
    versions: [
      {
        ...{ name: "v1", served: true, storage: true },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                required: ["path"],
                properties: { path: { type: "string", pattern: "^/" } },
              },
            },
          },
        },
      },
    ],
  },
};

describe("Kubernetes: the API of the tests", function () {
  this.timeout(300_000);
  let cluster: TestCluster;
  let kubelet: TestKubelet;
  let project: TestProject;
  let stack: Stack;

  before(async () => {
    cluster = await startKubernetes();
    kubelet = await startTestKubelet(cluster, { images: { "test/web:1": webImage() } });
    project = await TestProject.copy("test/fixtures/projects/kubernetes");
    stack = project.stack({}, cluster.environment, { plugins: cluster.plugins });
  });
  after(async () => {
    await project.remove();
    await kubelet.stop();
    await cluster.stop();
  });

  it("is a released API server", async () => {
    const { gitVersion } = (await cluster.api.request("GET", "/version")) as { gitVersion: string };
    assert.equal(gitVersion, `v${findKubernetes().version}`);
  });

  it("deploys two servers behind a Service, which answer through it", async () => {
    const up = assertSucceeded(await stack.up());
    assert.deepEqual(
      changingSteps(up)
        .map(({ op, kind, name }) => `${op} ${kind} ${name}`)
        .sort(),
      [
        "create ConfigMap page",
        "create Deployment web",
        "create Namespace shop",
        "create Service web",
        "create Stack kubernetes-test",
      ],
    );
    const url = await kubelet.serviceUrl("shop", "web", 80);
    assert.deepEqual(await httpGet(url), { status: 200, body: "hello\n" });
    const endpoints = await kubelet.endpoints("shop", "web", 80);
    assert.equal(new Set(endpoints.map(({ host }) => host)).size, 2);
    for (const { host, port } of endpoints) assert.equal((await httpGet(`http://${host}:${port}/`)).body, "hello\n");
  });

  it("finds nothing to change afterwards", async () => {
    assert.deepEqual(changingSteps(assertSucceeded(await stack.up({ expectNoChanges: true }))), []);
    assertSucceeded(await stack.refresh());
    assert.deepEqual(changingSteps(assertSucceeded(await stack.preview({ expectNoChanges: true }))), []);
  });

  it("accepts every object of the stack by the server's schema, and rejects a misspelt field", async () => {
    const { resources } = await stack.state();
    const objects = resources
      .filter(({ type }) => type.startsWith("kubernetes:"))
      .map(({ inputs }) => inputs as unknown as DescribedObject);
    assert.deepEqual(objects.map(({ kind }) => kind).sort(), ["ConfigMap", "Deployment", "Namespace", "Service"]);
    for (const object of objects) await validateOnServer(cluster.api, object);

    const service = objects.find(({ kind }) => kind === "Service");
    const misspelt = {
      ...service,
      spec: { ports: [{ port: 80 }], selectors: { app: "web" } },
    } as unknown as DescribedObject;
    await assert.rejects(validateOnServer(cluster.api, misspelt), /\.spec\.selectors: field not declared in schema/);
  });

  it("admits no pod that the namespace's rules forbid", async () => {
    const restricted = { "pod-security.kubernetes.io/enforce": "restricted" };
    await cluster.api.create("/api/v1/namespaces", {
      ...{ apiVersion: "v1", kind: "Namespace" },
      metadata: { name: "strict", labels: restricted },
    });
    const pod = {
      ...{ apiVersion: "v1", kind: "Pod" },
      metadata: { name: "web" },
      spec: { containers: [{ name: "web", image: "test/web:1" }] },
    };
    await eventually("the service account of the namespace", () =>
      cluster.api.find("/api/v1/namespaces/strict/serviceaccounts/default"),
    );
    await assert.rejects(
      cluster.api.create("/api/v1/namespaces/strict/pods", pod),
      /pods "web" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false/,
    );
  });

  it("serves custom resources by their schema", async () => {
    await cluster.api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", DEFINITION);
    const routes = "/apis/example.com/v1/namespaces/default/routes";
    await eventually("the new kind", () => cluster.api.list(routes).catch(() => undefined));
    await cluster.api.create(routes, ROUTE);
    const wrong = { ...ROUTE, metadata: { name: "wrong" }, spec: { path: "shop" } };
    await assert.rejects(
      cluster.api.create(routes, wrong),
      /spec\.path: Invalid value: "shop": spec\.path in body should match '\^\/'/,
    );
    assert.deepEqual(
      (await cluster.api.list(routes)).map(({ metadata }) => metadata.name),
      ["shop"],
    );
  });

  it("leaves nothing after destroy", async () => {
    const servers = await kubelet.endpoints("shop", "web", 80);
    assertSucceeded(await stack.destroy());
    assert.deepEqual(await cluster.api.list(PODS), []);
    assert.equal(await cluster.api.find<KubernetesObject>("/api/v1/namespaces/shop"), undefined);
    for (const { host, port } of servers)
      await assert.rejects(httpGet(`http://${host}:${port}/`), { code: "ECONNREFUSED" });
  });

  it("ends with its processes and its folder", async () => {
    const other = await startKubernetes();
    assert.equal(other.pids.length, 3);
    await other.stop();
    for (const pid of other.pids) assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
    await assert.rejects(fs.stat(path.join(other.folder)), { code: "ENOENT" });
  });
});
