/** The nodes of a test cluster: registers them and keeps them ready, as their kubelets would. */
import type { KubernetesApi } from "../api";

/** A node to register. */
export interface TestNode {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
}

const CAPACITY = { cpu: "16", memory: "32Gi", pods: "110", "ephemeral-storage": "100Gi" };

/** Registers the nodes. Without a lease, the controller manager would soon call them lost. */
export async function registerNodes(api: KubernetesApi, nodes: readonly TestNode[]): Promise<void> {
  for (const { name, labels, taints } of nodes) {
    await api.ensure("/api/v1/nodes", {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", ...labels } },
      spec: { taints: taints ?? [] },
    });
    await reportReady(api, name);
    await api.ensure("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name, namespace: "kube-node-lease" },
      spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTime() },
    });
  }
}

/** Renews the nodes' leases. */
export async function renewLeases(api: KubernetesApi, nodes: readonly TestNode[]): Promise<void> {
  for (const { name } of nodes) {
    const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`;
    await api.patch(path, { spec: { renewTime: microTime() } });
  }
}

async function reportReady(api: KubernetesApi, name: string): Promise<void> {
  const now = new Date().toISOString();
  const times = { lastHeartbeatTime: now, lastTransitionTime: now };
  const fine = ["MemoryPressure", "DiskPressure", "PIDPressure"].map((type) => ({
    ...{ type, status: "False", reason: `KubeletHasNo${type}`, ...times },
  }));
  await api.patch(`/api/v1/nodes/${name}/status`, {
    status: {
      capacity: CAPACITY,
      allocatable: CAPACITY,
      conditions: [...fine, { type: "Ready", status: "True", reason: "KubeletReady", ...times }],
      addresses: [{ type: "Hostname", address: name }],
      nodeInfo: { architecture: "amd64", operatingSystem: "linux", kubeletVersion: "v1.34.4" },
    },
  });
}

const microTime = (): string => new Date().toISOString().replace("Z", "000Z");
