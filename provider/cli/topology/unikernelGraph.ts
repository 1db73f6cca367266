/** Our own resources in a topology picture. Pure. */
import { countReplicas } from "../../rollout/progress/describe";
import { formatSubnet, parseCidr } from "../../base/ipv4";
import { kindOf } from "../ci/previewDigest";
import { type GraphPart, type TopologyEdge, type TopologyNode } from "./graph";
import { type Members, listOf, membersOf, numberOf, objectsOf, textOf } from "./plainValues";
import type { StackResource } from "./stackExport";

/** The node of the replicas of a service, which is another one than the service. */
const replicasOf = (urn: string): string => `replicas ${urn}`;
const networkId = (name: string): string => `network ${name}`;

/** Nodes of our own resources, and the edges that their inputs say. Edges of dependencies start at {@link dependencySource}. */
export function unikernelGraph(resources: readonly StackResource[]): GraphPart {
  const own = resources.flatMap((one) => {
    const kind = kindOf(one.type);
    return kind === undefined ? [] : [{ ...one, kind }];
  });
  const workloads = own.filter(({ kind }) => kind === "Instance" || kind === "Service");
  const places = workloads.flatMap((one) =>
    interfacesOf(one).map((place) => ({ ...place, workload: workloadId(one) })),
  );
  return {
    nodes: [...own.flatMap(nodesOf), ...networkNodes(places)],
    edges: [
      ...own.flatMap((one) => serviceEdges(one, own)),
      ...places.map(({ workload, network, ...place }): TopologyEdge => {
        return { from: workload, to: networkId(network), kind: "link", label: placeText(place) };
      }),
      ...workloads.flatMap((one) => mountEdges(one, own)),
    ],
  };
}

/** The node at which an edge for a dependency of this property starts: the replicas for the template of a service. */
export const dependencySource = (resource: StackResource, property: string): string =>
  property === "template" ? workloadId(resource) : resource.urn;

/** The node of what runs. */
const workloadId = ({ urn, type, properties }: StackResource): string =>
  kindOf(type) === "Service" && hasReplicas(properties) ? replicasOf(urn) : urn;

/** A service without a template has instances that are resources of their own. A template that is secret is one too. */
const hasReplicas = ({ template }: Members): boolean => typeof template === "object" && template !== null;

/** Inputs of what runs: those of an instance, or of the template of a service. */
const workloadOf = ({ type, properties }: StackResource): Members =>
  kindOf(type) === "Service" ? membersOf(properties["template"]) : properties;

const mebibytes = (value: unknown): readonly string[] => {
  const sizeMb = numberOf(value);
  return sizeMb === undefined ? [] : [`${sizeMb} MiB`];
};

function nodesOf(resource: OwnResource): readonly TopologyNode[] {
  const { urn, kind: label, name, properties } = resource;
  const node = { id: urn, label, name, details: [], count: 1 };
  switch (label) {
    case "GatewayImage":
      return [{ ...node, kind: "image" }];
    case "Volume":
      return [{ ...node, kind: "storage", details: mebibytes(properties["sizeMb"]) }];
    case "Certificate":
      return [{ ...node, kind: "storage" }];
    case "Instance": {
      const own = membersOf(properties["serviceGroup"])["ports"];
      const ports = objectsOf(own).flatMap(portText);
      return [{ ...node, kind: "workload", details: [...runtimeLines(properties), ...ports] }];
    }
    case "Service": {
      const service: TopologyNode = { ...node, kind: "entry" };
      if (!hasReplicas(properties)) return [service];
      const count = numberOf(properties["replicas"]) ?? 1;
      const details = runtimeLines(workloadOf(resource));
      const replicas = { ...node, id: replicasOf(urn), label: "Instances", details, count };
      return [service, { ...replicas, kind: "workload", name: countReplicas(count) }];
    }
    default:
      return [];
  }
}

/** Memory, what it boots when that is no resource, and whether it sleeps. */
function runtimeLines({ memoryMb, image, scaleToZero }: Members): readonly string[] {
  const reference = textOf(image);
  // A digest says that a GatewayImage or a push made it; then an edge or nothing says which.
  const named = reference === undefined || reference.includes("@") ? [] : [reference];
  const policy = textOf(membersOf(scaleToZero)["policy"]);
  return [...named, ...mebibytes(memoryMb), ...(policy === undefined || policy === "off" ? [] : ["scales to zero"])];
}

/** `443 tls, http → 8080`. */
function portText({ port, destinationPort, handlers, protocol }: Members): readonly string[] {
  const number = numberOf(port);
  if (number === undefined) return [];
  const words = [...(protocol === "udp" ? ["udp"] : []), ...listOf(handlers).flatMap((word) => textOf(word) ?? [])];
  return [`${[number, words.join(", ")].join(" ").trim()} → ${numberOf(destinationPort) ?? number}`];
}

type OwnResource = StackResource & { readonly kind: string };

/** From a service to its replicas, or to the instances that name it, with its ports. */
function serviceEdges(one: OwnResource, own: readonly OwnResource[]): readonly TopologyEdge[] {
  const traffic = (service: OwnResource, to: string): TopologyEdge => {
    return { from: service.urn, to, kind: "traffic", label: objectsOf(service.properties["ports"]).flatMap(portText) };
  };
  if (one.kind === "Service") return [traffic(one, replicasOf(one.urn))];
  const services = one.kind === "Instance" ? (one.dependencies["service"] ?? []) : [];
  return own.filter(({ urn }) => services.includes(urn)).map((service) => traffic(service, one.urn));
}

interface Place {
  readonly network: string;
  /** The guest's name of the interface; `undefined` if it has no other. */
  readonly card: string | undefined;
  /** Such as `10.0.0.5/24`. */
  readonly ip: string | undefined;
}

/** The networks that the program names, with the guest's name of each interface if it has several. */
function interfacesOf(resource: StackResource): readonly Place[] {
  const interfaces = objectsOf(workloadOf(resource)["networkInterfaces"]);
  return interfaces.flatMap(({ network, ip }, index) => {
    const name = textOf(network);
    if (name === undefined) return [];
    return [{ network: name, card: interfaces.length > 1 ? `eth${index}` : undefined, ip: textOf(ip) }];
  });
}

/** `eth0 .5`: the octets that the network has in common are on its card, and would make the picture half as wide again. */
function placeText({ card, ip }: Pick<Place, "card" | "ip">): readonly string[] {
  const [address = "", prefixLength = "0"] = ip?.split("/") ?? [];
  const common = Math.min(3, Math.floor(Number(prefixLength) / 8));
  const own = address.split(".").slice(common).join(".");
  const words = [card, own === "" ? undefined : common > 0 ? `.${own}` : own];
  const text = words.filter((word) => word !== undefined).join(" ");
  return text === "" ? [] : [text];
}

function networkNodes(places: readonly Place[]): readonly TopologyNode[] {
  const byName = Map.groupBy(places, ({ network }) => network);
  return [...byName].map(([name, members]) => {
    const cidr = members.flatMap(({ ip }) => (ip?.includes("/") ? [ip] : []))[0];
    const details = cidr === undefined ? [] : [formatSubnet(parseCidr(cidr))];
    return { id: networkId(name), kind: "network", label: "Network", name, details, count: 1 };
  });
}

/** Mounted volumes, with their paths. A volume is named by its id or its name. */
function mountEdges(workload: StackResource, own: readonly OwnResource[]): readonly TopologyEdge[] {
  return objectsOf(workloadOf(workload)["volumes"]).flatMap(({ volume, at, readonly }): TopologyEdge[] => {
    const reference = textOf(volume);
    const found = own.find(
      ({ kind, id, properties }) =>
        kind === "Volume" && reference !== undefined && [id, properties["name"]].includes(reference),
    );
    if (found === undefined) return [];
    const label = textOf(at) === undefined ? [] : [`${textOf(at)}${readonly === true ? " read-only" : ""}`];
    return [{ from: workloadId(workload), to: found.urn, kind: "uses", label }];
  });
}
