/** Kubernetes resources in a topology picture: workloads, services, ingresses and claims. Pure. */
import { countReplicas } from "../../rollout/progress/describe";
import { type GraphPart, type TopologyEdge, type TopologyNode } from "./graph";
import { type Members, listOf, membersOf, numberOf, objectsOf, textOf } from "./plainValues";
import type { StackResource } from "./stackExport";

const TYPE = /^kubernetes:(?:[\w.-]+\/)?(v\w+):(\w+)$/;
const WORKLOADS = ["Deployment", "StatefulSet", "DaemonSet", "Job", "Pod"];

interface KubernetesObject extends StackResource {
  readonly kind: string;
  /** Name and namespace in the cluster; the Pulumi name where the cluster chooses. */
  readonly objectName: string;
  readonly namespace: string;
  readonly spec: Members;
}

/** Nodes of workloads, services, ingresses and claims, and the edges of selectors, backends and mounts. */
export function kubernetesGraph(resources: readonly StackResource[]): GraphPart {
  const objects = resources.flatMap((one): KubernetesObject[] => {
    const kind = TYPE.exec(one.type)?.[2];
    if (kind === undefined) return [];
    const metadata = membersOf(one.properties["metadata"]);
    const objectName = textOf(metadata["name"]) ?? one.name;
    const namespace = textOf(metadata["namespace"]) ?? "default";
    return [{ ...one, kind, objectName, namespace, spec: membersOf(one.properties["spec"]) }];
  });
  return {
    nodes: objects.flatMap(nodeOf),
    edges: objects.flatMap((one) => [
      ...backendEdges(one, objects),
      ...selectorEdges(one, objects),
      ...claimEdges(one, objects),
    ]),
  };
}

/** True for metadata, of which the namespace is often an output that has nothing to do with what the object uses. */
export const isMetadata = ({ type }: StackResource, property: string): boolean =>
  property === "metadata" && TYPE.test(type);

/** True for a claim of pods whose mounts say which claims they use. */
export const isShownByMounts = (from: StackResource, to: StackResource): boolean =>
  TYPE.test(from.type) && to.type.endsWith(":PersistentVolumeClaim") && hasVolumes(from);

/** True if the volumes of its pods can be read, which a secret specification prevents. */
const hasVolumes = ({ properties }: StackResource): boolean => {
  const spec = membersOf(properties["spec"]);
  return [spec, membersOf(membersOf(spec["template"])["spec"])].some(({ volumes }) => listOf(volumes).length > 0);
};

const podSpecOf = ({ kind, spec }: KubernetesObject): Members =>
  kind === "Pod" ? spec : membersOf(membersOf(spec["template"])["spec"]);

const podLabelsOf = ({ kind, spec, properties }: KubernetesObject): Members =>
  membersOf(membersOf(kind === "Pod" ? properties["metadata"] : membersOf(spec["template"])["metadata"])["labels"]);

function nodeOf(object: KubernetesObject): readonly TopologyNode[] {
  const { urn, kind: label, objectName: name, spec } = object;
  const node = { id: urn, label, name, details: [], count: 1 };
  if (WORKLOADS.includes(label)) {
    const count = numberOf(spec["replicas"]) ?? 1;
    const runtimeClass = textOf(podSpecOf(object)["runtimeClassName"]);
    const details = [
      ...(count === 1 ? [] : [countReplicas(count)]),
      ...(runtimeClass === undefined ? [] : [`runtime class ${runtimeClass}`]),
    ];
    return [{ ...node, kind: "workload", details, count }];
  }
  if (label === "Service") return [{ ...node, kind: "entry" }];
  if (label === "Ingress") {
    const hosts = objectsOf(spec["rules"]).flatMap(({ host }) => textOf(host) ?? []);
    return [{ ...node, kind: "entry", details: [...new Set(hosts)] }];
  }
  if (label === "PersistentVolumeClaim") {
    const size = textOf(membersOf(membersOf(spec["resources"])["requests"])["storage"]);
    const modes = listOf(spec["accessModes"]).flatMap((mode) => textOf(mode) ?? []);
    return [{ ...node, kind: "storage", details: [...(size === undefined ? [] : [size]), ...modes] }];
  }
  return [];
}

const isNamed = (object: KubernetesObject, kind: string, name: string | undefined, namespace: string): boolean =>
  object.kind === kind && object.objectName === name && object.namespace === namespace;

/** Paths of an ingress to services. */
function backendEdges(one: KubernetesObject, all: readonly KubernetesObject[]): readonly TopologyEdge[] {
  if (one.kind !== "Ingress") return [];
  const paths = objectsOf(one.spec["rules"]).flatMap(({ http }) => objectsOf(membersOf(http)["paths"]));
  return paths.flatMap(({ path, pathType, backend }) => {
    const name = textOf(membersOf(membersOf(backend)["service"])["name"]);
    const target = all.find((other) => isNamed(other, "Service", name, one.namespace));
    const label = [textOf(path), textOf(pathType)].filter(Boolean).join(" ");
    return target === undefined
      ? []
      : [{ from: one.urn, to: target.urn, kind: "traffic", label: [label].filter(Boolean) }];
  });
}

/** A service and the workloads whose pods it selects. */
function selectorEdges(one: KubernetesObject, all: readonly KubernetesObject[]): readonly TopologyEdge[] {
  const selector = Object.entries(membersOf(one.spec["selector"]));
  if (one.kind !== "Service" || selector.length === 0) return [];
  const label = objectsOf(one.spec["ports"]).flatMap(({ port, targetPort }) => {
    const number = numberOf(port);
    return number === undefined ? [] : [`${number} → ${numberOf(targetPort) ?? textOf(targetPort) ?? number}`];
  });
  return all
    .filter(({ kind, namespace }) => WORKLOADS.includes(kind) && namespace === one.namespace)
    .filter((workload) => selector.every(([key, value]) => podLabelsOf(workload)[key] === value))
    .map(({ urn }) => ({ from: one.urn, to: urn, kind: "traffic", label }));
}

/** A workload and the claims that its pods mount, with their paths. */
function claimEdges(one: KubernetesObject, all: readonly KubernetesObject[]): readonly TopologyEdge[] {
  if (!WORKLOADS.includes(one.kind)) return [];
  const pod = podSpecOf(one);
  const mounts = objectsOf(pod["containers"]).flatMap(({ volumeMounts }) => objectsOf(volumeMounts));
  return objectsOf(pod["volumes"]).flatMap((volume) => {
    const claim = textOf(membersOf(volume["persistentVolumeClaim"])["claimName"]);
    const target = all.find((other) => isNamed(other, "PersistentVolumeClaim", claim, one.namespace));
    const paths = mounts
      .filter(({ name }) => name === volume["name"])
      .flatMap(({ mountPath }) => textOf(mountPath) ?? []);
    return target === undefined ? [] : [{ from: one.urn, to: target.urn, kind: "uses", label: [...new Set(paths)] }];
  });
}
