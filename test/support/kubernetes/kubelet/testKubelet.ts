/**
 * Nodes whose pods run as processes of this machine, for a {@link TestCluster}. One loop is the scheduler, the kubelet of every
 * node, the storage driver, the proxy of Services and the load balancer:
 *
 * - it binds pods to nodes (`schedule.ts`) and says in the pod's condition why one fits nowhere,
 * - makes a folder for each claim of its storage classes (`provisioner.ts`),
 * - runs containers from a table of images (`containerProcess.ts`) with their variables, volumes, probes and hooks,
 * - reports statuses, from which the controller manager makes endpoints,
 * - forwards connections to Services (`serviceProxies.ts`) and gives load balancers and Ingresses an address.
 *
 * What it does not support (`unsupported.ts`) keeps the pod waiting, with the field's name. Resource limits have no effect.
 */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { KubernetesError, type KubernetesObject } from "../api";
import type { TestCluster } from "../cluster";
import { PodAddresses, toLoopback } from "./addresses";
import type { TestImages } from "./images";
import { type TestNode, registerNodes, renewLeases } from "./nodes";
import type { Claim, EndpointSlice, Node, PersistentVolume, Pod, Service } from "./objects";
import { PodWorker } from "./podWorker";
import { Provisioner, type TestStorageClass, createStorageClasses, findMultiAttach } from "./provisioner";
import { chooseNode } from "./schedule";
import { type Endpoint, ServiceProxies, readyEndpoints } from "./serviceProxies";
import { unsupportedFields } from "./unsupported";
import type { Storage } from "./volumes";

/** Settings of {@link startTestKubelet}. */
export interface TestKubeletOptions {
  readonly images: TestImages;
  /** One node `node-1` if undefined. */
  readonly nodes?: readonly TestNode[];
  readonly storageClasses?: readonly TestStorageClass[];
  /** Handlers of RuntimeClasses that the nodes have; their pods run like all others. */
  readonly runtimeHandlers?: readonly string[];
}

/** Running nodes. */
export interface TestKubelet {
  /** URL of a Service's port, such as `http://127.96.128.2:80`. */
  serviceUrl(namespace: string, service: string, port: number): Promise<string>;
  /** Ready endpoints of a Service's port. */
  endpoints(namespace: string, service: string, port: number): Promise<readonly Endpoint[]>;
  /** Output of a pod's container over all its runs. */
  readLog(namespace: string, pod: string, container: string): Promise<string>;
  /** Folder of the volume behind a claim. */
  claimFolder(namespace: string, claim: string): Promise<string>;
  /** Ends all processes. The objects of the API stay. */
  stop(): Promise<void>;
}

const ROUND_MS = 150;
const LEASE_MS = 10_000;
/** Address that load balancers and Ingresses get; nothing listens there. */
const BALANCER_ADDRESS = "10.97.0.1";

/** Registers the nodes and starts the loop. */
export async function startTestKubelet(cluster: TestCluster, options: TestKubeletOptions): Promise<TestKubelet> {
  const nodes = options.nodes ?? [{ name: "node-1" }];
  await registerNodes(cluster.api, nodes);
  await createStorageClasses(cluster.api, options.storageClasses ?? []);
  const kubelet = new Loop(cluster, nodes, options);
  await kubelet.start();
  return kubelet;
}

class Loop implements TestKubelet {
  private readonly workers = new Map<string, PodWorker>();
  private readonly addresses: PodAddresses;
  private readonly folder: string;
  private readonly proxies: ServiceProxies;
  private readonly provisioner: Provisioner;
  private readonly handlers = new Map<string, string>();
  private renewAtMs = 0;
  private isStopped = false;
  private done: Promise<void> = Promise.resolve();

  private readonly cluster: TestCluster;
  private readonly nodes: readonly TestNode[];
  private readonly options: TestKubeletOptions;

  constructor(cluster: TestCluster, nodes: readonly TestNode[], options: TestKubeletOptions) {
    this.cluster = cluster;
    this.nodes = nodes;
    this.options = options;
    this.addresses = new PodAddresses(cluster.network);
    this.folder = path.join(cluster.folder, "kubelet");
    this.proxies = new ServiceProxies(this.folder);
    this.provisioner = new Provisioner(cluster.api, options.storageClasses ?? [], path.join(this.folder, "claims"));
  }

  async start(): Promise<void> {
    await fs.mkdir(this.folder, { recursive: true });
    this.done = this.run();
  }

  async serviceUrl(namespace: string, service: string, port: number): Promise<string> {
    const { spec } = await this.service(namespace, service);
    return `http://${toLoopback(spec.clusterIP ?? "")}:${port}`;
  }

  async endpoints(namespace: string, service: string, port: number): Promise<readonly Endpoint[]> {
    const found = await this.service(namespace, service);
    const name = found.spec.ports?.find((each) => each.port === port)?.name;
    return readyEndpoints(found, name, await this.cluster.api.list("/apis/discovery.k8s.io/v1/endpointslices"));
  }

  async readLog(namespace: string, pod: string, container: string): Promise<string> {
    const found = await this.cluster.api.find<Pod>(`/api/v1/namespaces/${namespace}/pods/${pod}`);
    return fs.readFile(path.join(this.folder, found?.metadata.uid ?? pod, `${container}.log`), "utf8");
  }

  async claimFolder(namespace: string, claim: string): Promise<string> {
    const found = await this.cluster.api.find<Claim>(`/api/v1/namespaces/${namespace}/persistentvolumeclaims/${claim}`);
    return path.join(this.folder, "claims", found?.spec.volumeName ?? "");
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.done;
    await Promise.all([...this.workers.values()].map((worker) => worker.stop()));
    this.proxies.stop();
  }

  private async service(namespace: string, name: string): Promise<Service> {
    const found = await this.cluster.api.find<Service>(`/api/v1/namespaces/${namespace}/services/${name}`);
    if (found === undefined) throw new Error(`There is no Service ${name} in ${namespace}.`);
    return found;
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      try {
        await this.round();
      } catch (error) {
        // Objects change between two requests; the next round sees them as they are.
        await fs.appendFile(path.join(this.folder, "kubelet.log"), `${String(error)}\n`);
      }
      await delay(ROUND_MS);
    }
  }

  private async round(): Promise<void> {
    const { api } = this.cluster;
    if (Date.now() >= this.renewAtMs) {
      this.renewAtMs = Date.now() + LEASE_MS;
      await renewLeases(api, this.nodes);
    }
    const [pods, nodes, claims, volumes, services, slices] = await Promise.all([
      api.list<Pod>("/api/v1/pods"),
      api.list<Node>("/api/v1/nodes"),
      api.list<Claim>("/api/v1/persistentvolumeclaims"),
      api.list<PersistentVolume>("/api/v1/persistentvolumes"),
      api.list<Service>("/api/v1/services"),
      api.list<EndpointSlice>("/apis/discovery.k8s.io/v1/endpointslices"),
    ]);
    await this.proxies.sync(services, slices);
    await this.provisioner.sync({ claims, volumes });
    await this.balance(services);
    await this.schedule(pods, nodes);
    await this.work(pods, { claims, volumes });
  }

  private async schedule(pods: readonly Pod[], nodes: readonly Node[]): Promise<void> {
    const isActive = ({ status }: Pod): boolean => !["Succeeded", "Failed"].includes(status?.phase ?? "");
    const placed = pods.filter((pod) => pod.spec.nodeName !== undefined && isActive(pod));
    for (const pod of pods.filter(({ spec, metadata }) => !spec.nodeName && !metadata.deletionTimestamp)) {
      const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}`;
      const placement = chooseNode(pod, nodes, placed);
      if ("node" in placement) {
        const target = { apiVersion: "v1", kind: "Node", name: placement.node };
        const { name } = pod.metadata;
        await this.cluster.api.create(`${path}/binding`, { ...binding, metadata: { name }, target });
        placed.push({ ...pod, spec: { ...pod.spec, nodeName: placement.node } });
      } else if (pod.status?.conditions?.some(({ message }) => message === placement.reason) !== true) {
        const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable", message: placement.reason };
        await this.cluster.api.patch(`${path}/status`, { status: { conditions: [condition] } });
      }
    }
  }

  private async work(pods: readonly Pod[], storage: Storage): Promise<void> {
    const own = pods.filter(({ spec }) => this.nodes.some(({ name }) => name === spec.nodeName));
    for (const pod of own) {
      const { uid } = pod.metadata;
      if (!this.workers.has(uid)) this.workers.set(uid, await this.hire(pod));
      const others = [...this.workers]
        .filter(([key]) => key !== uid)
        .flatMap(([, { attached }]) => (attached === undefined ? [] : [attached]));
      this.workers.get(uid)?.sync(pod, storage, await this.blocker(pod, others, storage));
    }
    const present = new Set(own.map(({ metadata }) => metadata.uid));
    for (const [uid, worker] of this.workers) {
      if (present.has(uid)) continue;
      if (!worker.isGone) await worker.stop();
      this.workers.delete(uid);
    }
  }

  private async hire(pod: Pod): Promise<PodWorker> {
    const { uid, namespace } = pod.metadata;
    return new PodWorker(pod, {
      api: this.cluster.api,
      images: this.options.images,
      folder: path.join(this.folder, uid),
      podIp: this.addresses.take(),
      hosts: await this.proxies.hostsFile(namespace),
    });
  }

  private async blocker(
    pod: Pod,
    others: readonly Pod[],
    storage: Storage,
  ): Promise<{ readonly reason: string; readonly message: string } | undefined> {
    const fields = unsupportedFields(pod);
    if (fields.length > 0)
      return { reason: "Unsupported", message: `The test kubelet does not support ${fields.join(", ")}.` };
    const handler = await this.handlerOf(pod.spec.runtimeClassName);
    if (handler !== undefined && this.options.runtimeHandlers?.includes(handler) !== true) {
      const message = `no runtime for "${handler}" is configured`;
      return { reason: "FailedCreatePodSandBox", message };
    }
    const message = findMultiAttach(pod, others, storage);
    return message === undefined ? undefined : { reason: "ContainerCreating", message };
  }

  private async handlerOf(runtimeClass: string | undefined): Promise<string | undefined> {
    if (runtimeClass === undefined || this.handlers.has(runtimeClass)) return this.handlers.get(runtimeClass ?? "");
    const path = `/apis/node.k8s.io/v1/runtimeclasses/${runtimeClass}`;
    const found = await this.cluster.api.find<KubernetesObject & { handler: string }>(path);
    if (found !== undefined) this.handlers.set(runtimeClass, found.handler);
    return found?.handler ?? runtimeClass;
  }

  /** Load balancers and Ingresses get an address, for which the Pulumi provider waits. */
  private async balance(services: readonly Service[]): Promise<void> {
    const status = { loadBalancer: { ingress: [{ ip: BALANCER_ADDRESS }] } };
    const isNew = (object: KubernetesObject): boolean =>
      ((object["status"] as Service["status"])?.loadBalancer?.ingress ?? []).length === 0;
    const ingresses = await this.cluster.api.list<KubernetesObject>("/apis/networking.k8s.io/v1/ingresses");
    const paths = [
      ...services
        .filter((service) => service.spec.type === "LoadBalancer" && isNew(service))
        .map(({ metadata }) => `/api/v1/namespaces/${metadata.namespace}/services/${metadata.name}`),
      ...ingresses
        .filter(isNew)
        .map(
          ({ metadata }) => `/apis/networking.k8s.io/v1/namespaces/${metadata.namespace}/ingresses/${metadata.name}`,
        ),
    ];
    for (const path of paths) {
      await this.cluster.api.patch(`${path}/status`, { status }).catch((error: unknown) => {
        if (!(error instanceof KubernetesError && error.status === 404)) throw error;
      });
    }
  }
}

const binding = { apiVersion: "v1", kind: "Binding" };
