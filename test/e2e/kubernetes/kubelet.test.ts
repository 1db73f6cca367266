/** The nodes of the tests: scheduling, storage, variables, probes, and what they say they cannot do. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { KubernetesObject } from "../../support/kubernetes/api";
import { type TestCluster, startKubernetes } from "../../support/kubernetes/cluster";
import { eventually } from "../../support/kubernetes/eventually";
import { type TestKubelet, startTestKubelet } from "../../support/kubernetes/kubelet/testKubelet";
import { webImage } from "../../support/kubernetes/webImage";

const NAMESPACE = "/api/v1/namespaces/default";
const IMAGE = "test/web:1";

interface PodObject extends KubernetesObject {
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly ready: boolean;
      readonly state: { readonly waiting?: { readonly reason: string; readonly message: string } };
    }[];
  };
}

/** A pod that runs a line of shell. */
const podOf = (name: string, script: string, container: object = {}, spec: object = {}): object => ({
  ...{ apiVersion: "v1", kind: "Pod" },
  metadata: { name },
  spec: {
    terminationGracePeriodSeconds: 2,
    containers: [
      { name: "main", image: IMAGE, command: ["/bin/busybox", "sh", "-c", `exec 2>&1; ${script}`], ...container },
    ],
    ...spec,
  },
});

const IDLE = "exec /bin/busybox sleep 600";

describe("Kubernetes: the nodes of the tests", function () {
  this.timeout(300_000);
  let cluster: TestCluster;
  let kubelet: TestKubelet;

  const create = (collection: string, object: object): Promise<unknown> =>
    cluster.api.create(`${NAMESPACE}/${collection}`, object);
  const podWhen = (name: string, holds: (pod: PodObject) => boolean): Promise<PodObject> =>
    eventually(`pod ${name}`, async () => {
      const pod = await cluster.api.find<PodObject>(`${NAMESPACE}/pods/${name}`);
      return pod !== undefined && holds(pod) ? pod : undefined;
    });
  const isReady = ({ status }: PodObject): boolean => status.containerStatuses?.every(({ ready }) => ready) === true;
  const waitingOf = (pod: PodObject): string =>
    Object.values(pod.status.containerStatuses?.[0]?.state.waiting ?? {}).join(": ");
  const claim = (name: string, storageClassName: string, accessMode: string): Promise<unknown> =>
    create("persistentvolumeclaims", {
      ...{ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name } },
      spec: { accessModes: [accessMode], storageClassName, resources: { requests: { storage: "1Gi" } } },
    });

  before(async () => {
    cluster = await startKubernetes();
    kubelet = await startTestKubelet(cluster, {
      images: { [IMAGE]: webImage() },
      nodes: [
        { name: "left", labels: { zone: "a" } },
        { name: "right", labels: { zone: "b" } },
      ],
      storageClasses: [
        { name: "disk", accessModes: ["ReadWriteOnce"] },
        { name: "shared", accessModes: ["ReadWriteOnce", "ReadWriteMany"] },
      ],
    });
  });
  after(async () => {
    await kubelet.stop();
    await cluster.stop();
  });

  it("gives a disk to one node at a time, with what was written to it", async () => {
    const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "disk" } }];
    const volumeMounts = [{ name: "data", mountPath: "/data" }];
    await claim("disk", "disk", "ReadWriteOnce");
    await create(
      "pods",
      podOf("first", `echo kept > /data/note; ${IDLE}`, { volumeMounts }, { volumes, nodeSelector: { zone: "a" } }),
    );
    await podWhen("first", isReady);
    await create(
      "pods",
      podOf(
        "second",
        `read note < /data/note; echo "$note"; ${IDLE}`,
        { volumeMounts },
        { volumes, nodeSelector: { zone: "b" } },
      ),
    );
    const waiting = await podWhen("second", (pod) => waitingOf(pod) !== "");
    assert.equal(waiting.spec.nodeName, "right");
    assert.equal(
      waitingOf(waiting),
      'ContainerCreating: Multi-Attach error for volume "disk": it is used by pod first',
    );

    await cluster.api.remove(`${NAMESPACE}/pods/first`);
    await podWhen("second", isReady);
    assert.equal(await kubelet.readLog("default", "second", "main"), "kept\n");
    assert.equal(await fs.readFile(path.join(await kubelet.claimFolder("default", "disk"), "note"), "utf8"), "kept\n");
  });

  it("leaves a claim pending that its class cannot meet, and says why", async () => {
    await claim("wide", "disk", "ReadWriteMany");
    const message = await eventually("the event", async () => {
      const events = await cluster.api.list<KubernetesObject & { reason: string; message: string }>(
        `${NAMESPACE}/events`,
      );
      return events.find(({ reason }) => reason === "ProvisioningFailed")?.message;
    });
    assert.equal(message, 'storage class "disk" does not support ReadWriteMany');
    await claim("shared", "shared", "ReadWriteMany");
    await eventually("the claim of a class that can", async () => {
      const found = await cluster.api.find<KubernetesObject & { status: { phase: string } }>(
        `${NAMESPACE}/persistentvolumeclaims/shared`,
      );
      return found?.status.phase === "Bound" ? true : undefined;
    });
  });

  it("passes variables from everywhere, and shows changes of a ConfigMap", async () => {
    await create("secrets", {
      ...{ apiVersion: "v1", kind: "Secret" },
      metadata: { name: "keys" },
      stringData: { api: "s3cret" },
    });
    await create("configmaps", {
      ...{ apiVersion: "v1", kind: "ConfigMap" },
      metadata: { name: "settings" },
      data: { COLOUR: "red" },
    });
    const env = [
      { name: "KEY", valueFrom: { secretKeyRef: { name: "keys", key: "api" } } },
      { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "BOTH", value: "$(NAME) is $(COLOUR)" },
    ];
    const script =
      'echo "$KEY, $BOTH"; /bin/busybox id -u; until /bin/busybox grep -q blue /settings/COLOUR; do /bin/busybox sleep 0.1; done; echo changed';
    await create(
      "pods",
      podOf(
        "variables",
        `${script}; ${IDLE}`,
        {
          env,
          envFrom: [{ configMapRef: { name: "settings" } }],
          volumeMounts: [{ name: "settings", mountPath: "/settings" }],
          securityContext: { runAsUser: 1234 },
        },
        { volumes: [{ name: "settings", configMap: { name: "settings" } }] },
      ),
    );
    await podWhen("variables", isReady);
    await cluster.api.patch(`${NAMESPACE}/configmaps/settings`, { data: { COLOUR: "blue" } });
    const log = await eventually("the change", async () => {
      const text = await kubelet.readLog("default", "variables", "main");
      return text.includes("changed") ? text : undefined;
    });
    assert.equal(log, "s3cret, variables is red\n1234\nchanged\n");
  });

  it("restarts a container that is not alive", async () => {
    const livenessProbe = {
      exec: { command: ["/bin/busybox", "test", "!", "-e", "/tmp/sick"] },
      periodSeconds: 1,
      failureThreshold: 1,
    };
    await create("pods", podOf("sick", `> /tmp/sick; ${IDLE}`, { livenessProbe }));
    const { status } = await podWhen("sick", (pod) => (pod.status.containerStatuses?.[0]?.restartCount ?? 0) > 0);
    assert.equal(status.phase, "Running");
    await cluster.api.remove(`${NAMESPACE}/pods/sick`);
  });

  it("runs a job to its end", async () => {
    const { spec } = podOf("unused", "exit 0", {}, { restartPolicy: "Never" }) as { spec: object };
    const jobs = "/apis/batch/v1/namespaces/default/jobs";
    await cluster.api.create(jobs, {
      ...{ apiVersion: "batch/v1", kind: "Job", metadata: { name: "once" } },
      spec: { template: { spec } },
    });
    await eventually("the job", async () => {
      const job = await cluster.api.find<KubernetesObject & { status: { succeeded?: number } }>(`${jobs}/once`);
      return job?.status.succeeded === 1 ? true : undefined;
    });
  });

  it("says why a pod fits nowhere, and what it cannot run", async () => {
    await create("pods", podOf("nowhere", IDLE, {}, { nodeSelector: { zone: "c" } }));
    const unplaced = await podWhen("nowhere", ({ status }) => status.conditions !== undefined);
    assert.deepEqual(
      unplaced.status.conditions?.map(({ message }) => message),
      ["0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."],
    );
    await create("pods", podOf("remote", IDLE, { readinessProbe: { grpc: { port: 9000 } } }));
    const refused = await podWhen("remote", (pod) => waitingOf(pod) !== "");
    assert.equal(
      waitingOf(refused),
      "Unsupported: The test kubelet does not support containers[main].readinessProbe.grpc.",
    );
    await create("pods", podOf("unknown", IDLE, { image: "test/other:1" }));
    const unknown = await podWhen("unknown", (pod) => waitingOf(pod).startsWith("Err"));
    assert.equal(waitingOf(unknown), 'ErrImagePull: the test has no image "test/other:1"');
  });

  it("ends with the process that started it, also when that is killed", async () => {
    const support = path.resolve(__dirname, "../../support/kubernetes");
    const program = `
      const { startKubernetes } = require(${JSON.stringify(path.join(support, "cluster.ts"))});
      startKubernetes().then(({ pids }) => process.send(pids));
    `;
    const child = childProcess.spawn(process.execPath, ["-r", "tsx/cjs", "-e", program], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const pids = await new Promise<readonly number[]>((resolve, reject) => {
      child.once("message", (message) => resolve(message as number[]));
      child.once("exit", (code) => reject(new Error(`It ended with ${code}.`)));
    });
    child.kill("SIGKILL");
    await eventually("the end of its processes", async () =>
      (await Promise.all(pids.map(isGone))).every(Boolean) ? true : undefined,
    );
  });
});

/** True if the process has ended; a zombie has. */
const isGone = async (pid: number): Promise<boolean> => {
  const status = await fs.readFile(`/proc/${pid}/status`, "utf8").catch(() => "State:\tZ");
  return /^State:\tZ/m.test(status);
};
