import assert from "node:assert/strict";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { answerInvokes } from "../../../../../provider/pulumi/invoke";
import * as unikernel from "../../../../../sdk";
import { UnikernelDeployment, type UnikernelDeploymentArgs } from "../../../../../sdk/kubernetes";
import { mockPlatform } from "../../../../../sdk/testing";

type Tree = { readonly [name: string]: Tree } & string & number & readonly Tree[];

const IMAGE = `ghcr.io/acme/gateway@sha256:${"a".repeat(64)}`;
const URUNC = { kind: "urunc" } as const;
const CLOUD = { kind: "virtualKubelet" } as const;

async function create(args: Partial<UnikernelDeploymentArgs>) {
  const platform = mockPlatform();
  await platform.run(
    () => new UnikernelDeployment("gateway", { image: IMAGE, runtime: CLOUD, ...args }).deploymentName,
  );
  const find = (kind: string): Tree => platform.find(`kubernetes:${kind}`, "gateway").inputs as Tree;
  const template = find("apps/v1:Deployment")["spec"]?.["template"];
  return { platform, find, metadata: template?.["metadata"], pod: template?.["spec"] };
}

describe("a UnikernelDeployment", function () {
  after(() => answerInvokes(undefined)); // other tests of this process ask a metro
  this.timeout(60_000); // the first run loads @pulumi/kubernetes

  it("boots the image in a VM of a node with urunc", async () => {
    const { metadata, pod } = await create({
      runtime: URUNC,
      memoryMb: 256,
      readiness: { port: 8080, path: "/ready" },
    });
    // With annotations for urunc, containerd's pause container would have them too, and be booted as a unikernel.
    assert.equal(metadata?.["annotations"], undefined);
    assert.deepEqual(
      [pod?.["runtimeClassName"], pod?.["nodeSelector"]],
      ["urunc", { "urunc.io/urunc-runtime": "true" }],
    );
    assert.deepEqual(pod?.["containers"], [
      {
        name: "unikernel",
        image: IMAGE,
        resources: { requests: { memory: "256Mi" }, limits: { memory: "256Mi" } },
        readinessProbe: { httpGet: { path: "/ready", port: 8080 }, periodSeconds: 5, timeoutSeconds: 3 },
      },
    ]);
  });

  it("gives the image other arguments, and takes the RuntimeClass of the cluster", async () => {
    const runtime = { ...URUNC, args: ["/usr/bin/gateway", "--port=8080"], runtimeClass: "urunc-edge" };
    const { pod } = await create({ runtime, liveness: { port: 8080 } });
    assert.deepEqual(pod?.["containers"]?.[0]?.["args"], ["/usr/bin/gateway", "--port=8080"]);
    assert.equal(pod?.["runtimeClassName"], "urunc-edge");
    assert.deepEqual(pod?.["containers"]?.[0]?.["livenessProbe"]?.["tcpSocket"], { port: 8080 });
  });

  it("spreads several unikernels over the nodes, of which one at a time may be drained", async () => {
    const { pod, find } = await create({ runtime: URUNC, replicas: 2 });
    const matchLabels = {
      "app.kubernetes.io/instance": "project.stack.gateway",
      "app.kubernetes.io/component": "unikernel",
    };
    const spread = { maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway" };
    assert.deepEqual(pod?.["topologySpreadConstraints"], [{ ...spread, labelSelector: { matchLabels } }]);
    assert.deepEqual(find("policy/v1:PodDisruptionBudget")["spec"], { maxUnavailable: 1, selector: { matchLabels } });
    const single = await create({ runtime: URUNC, replicas: 1 });
    assert.throws(() => single.find("policy/v1:PodDisruptionBudget"));
  });

  it("runs the image in the cloud through a virtual kubelet, with standby as of an Instance", async () => {
    const { metadata, pod, find } = await create({
      runtime: {
        ...CLOUD,
        scaleToZero: { policy: "idle", stateful: true, cooldownTimeMs: 5_000 },
        domain: "api.example.com",
      },
      ports: [{ port: 443, destinationPort: 8080 }],
      volumes: [{ claim: "data", at: "/data", readonly: true }],
      env: { LEVEL: "info" },
      secrets: { API_KEY: "k3y" },
      pullSecret: "registry",
    });
    assert.deepEqual(metadata?.["annotations"], {
      "cloud.unikraft.v1.instances/scale_to_zero.policy": "idle",
      "cloud.unikraft.v1.instances/scale_to_zero.stateful": "true",
      "cloud.unikraft.v1.instances/scale_to_zero.cooldown_time_ms": "5000",
    });
    assert.deepEqual(
      [pod?.["nodeSelector"], pod?.["tolerations"], pod?.["imagePullSecrets"]],
      [
        { "unikraft.com/virtual-kubelet": "true" },
        [{ key: "virtual-kubelet.io/provider", operator: "Equal", value: "ukc", effect: "NoSchedule" }],
        [{ name: "registry" }],
      ],
    );
    assert.deepEqual(pod?.["containers"], [
      {
        name: "unikernel",
        image: IMAGE,
        resources: { requests: { memory: "128Mi" }, limits: { memory: "128Mi" } },
        env: [{ name: "LEVEL", value: "info" }],
        envFrom: [{ secretRef: { name: "gateway" } }],
        ports: [{ containerPort: 8080 }],
        volumeMounts: [{ name: "volume-0", mountPath: "/data", readOnly: true }],
      },
    ]);
    assert.deepEqual(pod?.["volumes"], [{ name: "volume-0", persistentVolumeClaim: { claimName: "data" } }]);
    const service = find("core/v1:Service");
    assert.deepEqual(service["metadata"]?.["annotations"], {
      "cloud.unikraft.v1.services/domain": "api.example.com",
    });
    assert.deepEqual(service["spec"]?.["ports"], [{ name: "port-443", port: 443, targetPort: 8080, protocol: "TCP" }]);
    assert.deepEqual(find("core/v1:Secret")["stringData"], { API_KEY: "k3y" });
  });

  it("stops a unikernel with a volume before the next one starts, which could not attach it", async () => {
    const strategyOf = async (args: Partial<UnikernelDeploymentArgs>) =>
      (await create(args)).find("apps/v1:Deployment")["spec"]?.["strategy"];
    assert.deepEqual(await strategyOf({ replicas: 1, volumes: [{ claim: "data", at: "/data" }] }), {
      type: "RollingUpdate",
      rollingUpdate: { maxSurge: 0, maxUnavailable: 1 },
    });
    assert.deepEqual(await strategyOf({}), {
      type: "RollingUpdate",
      rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
    });
  });

  it("leaves standby to the labels of the image where nothing is said", async () => {
    const { metadata } = await create({ runtime: { ...CLOUD, scaleToZero: { policy: "on" } } });
    assert.deepEqual(metadata?.["annotations"], { "cloud.unikraft.v1.instances/scale_to_zero.policy": "on" });
    assert.equal((await create({})).metadata?.["annotations"], undefined);
  });

  it("runs a GatewayImage that is in a registry, and rejects one that is on this machine only", async () => {
    const run = async (repository: string | undefined) => {
      const platform = mockPlatform();
      await platform.run(() => {
        const context = path.resolve("examples/quickstart/site");
        const image = new unikernel.GatewayImage("site", { context, repository });
        return new UnikernelDeployment("gateway", { image, runtime: CLOUD }).deploymentName;
      });
      const { inputs } = platform.find("kubernetes:apps/v1:Deployment", "gateway");
      return (inputs as Tree)["spec"]?.["template"]?.["spec"]?.["containers"]?.[0]?.["image"];
    };
    assert.match((await run("ghcr.io/acme/site")) ?? "", /^ghcr\.io\/acme\/site@sha256:[0-9a-f]{64}$/);
    await assert.rejects(run(undefined), /INPUT_INVALID: UnikernelDeployment 'gateway': image: is in no registry/);
  });

  it("keeps secrets out of the Deployment, and makes names that the cluster accepts", async () => {
    const { pod } = await create({ env: { LEVEL: pulumi.output("info") } });
    assert.deepEqual(pod?.["containers"]?.[0]?.["env"], [{ name: "LEVEL", value: "info" }]);
    await assert.rejects(
      create({ env: { PASSWORD: pulumi.secret("hidden") } }),
      /INPUT_INVALID: UnikernelDeployment 'gateway': env\.PASSWORD: is secret, .*; move it to secrets\.$/,
    );
    const named = (name: string) =>
      mockPlatform().run(() => new UnikernelDeployment(name, { image: IMAGE, runtime: CLOUD }).deploymentName);
    await named("u".repeat(54));
    for (const name of ["u".repeat(55), "Unikernel", "my.unikernel"])
      await assert.rejects(named(name), /INPUT_INVALID: UnikernelDeployment '.*': its objects .* use at most 54 lower/);
  });

  const probe = { port: 8080 };
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ readiness: probe }, /readiness: the virtual kubelet never runs probes/],
    [{ liveness: probe }, /liveness: the virtual kubelet never runs probes/],
    [{ volumes: [{ claim: "a", at: "/a", subPath: "b" }] }, /volumes\[0\]\.subPath: the virtual kubelet ignores it/],
    [{ runtime: URUNC, volumes: [{ claim: "a", at: "/a" }] }, /volumes: urunc gives a unikernel no volumes/],
    [{ runtime: { kind: "runc" } }, /runtime\.kind: must be "urunc" or "virtualKubelet"/],
    [{ runtime: { ...URUNC, scaleToZero: { policy: "on" } } }, /runtime: has no argument 'scaleToZero'/],
    [{ runtime: { ...CLOUD, domain: "a.example.com" } }, /runtime\.domain: needs ports/],
    [
      { runtime: { ...CLOUD, domain: "https://a.example.com" }, ports: [{ port: 443 }] },
      /runtime\.domain: must be a lower-case name such as api\.example\.com, without scheme, port and path/,
    ],
    [
      { runtime: { ...CLOUD, domain: "*.example.com" }, ports: [{ port: 443 }] },
      /runtime\.domain: must be a lower-case/,
    ],
    [{ runtime: { ...URUNC, args: ["sh", "-c", "a b"] } }, /runtime\.args\[2\]: must not contain blanks or quotes/],
    [{ runtime: { ...URUNC, args: [] } }, /runtime\.args: must not be empty; leave it out instead/],
    [{ ports: [{ port: 1 }, { port: 1 }] }, /ports: 1 is there twice/],
    [{ ports: [{ port: 0 }] }, /ports\[0\]\.port: must be a whole number from 1 to 65535/],
    [{ env: { A: "1" }, secrets: { A: "2" } }, /secrets: env already has A/],
    [{ image: "" }, /image: must be a GatewayImage or a reference/],
    [{ image: 5 }, /image: must be a GatewayImage or a reference/],
    [{ env: { "a b": "1" } }, /env\.a b: cannot be the name of a variable/],
    [
      {
        volumes: [
          { claim: "a", at: "/a" },
          { claim: "b", at: "/a" },
        ],
      },
      /volumes: two are at \/a; give each its own path/,
    ],
    [{ volumes: [{ claim: "a", at: "a" }] }, /volumes\[0\]\.at: must begin with '\/'/],
  ];
  for (const [change, message] of wrong)
    it(`rejects ${JSON.stringify(change)}`, async () => {
      await assert.rejects(
        create(change),
        new RegExp(`INPUT_INVALID: UnikernelDeployment 'gateway': ${message.source}`),
      );
    });
});
