/** What a resource is made of: the edges of a topology picture that the engine knows. Pure. */
import type { TopologyEdge } from "./graph";
import { isMetadata, isShownByMounts } from "./kubernetesGraph";
import type { StackResource } from "./stackExport";
import { dependencySource } from "./unikernelGraph";

/** Type of the component that `fromCompose` creates. */
const COMPOSE_PROJECT = "unikernel:index:ComposeProject";

type ResourcesByUrn = ReadonlyMap<string, StackResource>;

/**
 * Edges from each resource to those that its inputs are made of, also by way of resources that are not drawn: a Deployment that gets the
 * host of a Redis from a Secret leads to that Redis.
 *
 * @param drawn ids of the nodes
 */
export function dependencyEdges(
  resources: readonly StackResource[],
  drawn: ReadonlySet<string>,
): readonly TopologyEdge[] {
  const byUrn: ResourcesByUrn = new Map(resources.map((one) => [one.urn, one]));
  return resources.flatMap((one) => [
    ...composeEdges(one, byUrn),
    ...usesOf(one).flatMap(({ property, urns }) => {
      const from = dependencySource(one, property);
      if (!drawn.has(from)) return [];
      return firstDrawn(urns, byUrn, drawn)
        .filter((target) => !isShownByMounts(one, target))
        .map(({ urn }): TopologyEdge => ({ from, to: urn, kind: "uses", label: [] }));
    }),
  ]);
}

/**
 * What `depends_on` says in a Compose project, whose services know each other by name: variables are secret, so that no input tells. A
 * service with ports stands for its instances.
 */
function composeEdges(one: StackResource, byUrn: ResourcesByUrn): readonly TopologyEdge[] {
  if (byUrn.get(one.parent)?.type !== COMPOSE_PROJECT) return [];
  const made = new Set(Object.values(one.dependencies).flat());
  const targets = one.waitsFor.flatMap((urn) => (made.has(urn) ? [] : (byUrn.get(urn) ?? [])));
  const behindPorts = new Set(targets.map(({ urn }) => urn));
  return targets
    .filter(({ dependencies }) => !(dependencies["service"] ?? []).some((urn) => behindPorts.has(urn)))
    .map(({ urn }) => ({ from: dependencySource(one, "template"), to: urn, kind: "uses", label: [] }));
}

const usesOf = (resource: StackResource): readonly { readonly property: string; readonly urns: readonly string[] }[] =>
  Object.entries(resource.dependencies)
    .filter(([property]) => !isMetadata(resource, property))
    .map(([property, urns]) => ({ property, urns }));

/** The first drawn resources on each way from some. */
function firstDrawn(
  urns: readonly string[],
  byUrn: ResourcesByUrn,
  drawn: ReadonlySet<string>,
): readonly StackResource[] {
  const seen = new Set(urns);
  const found: StackResource[] = [];
  for (const urn of seen) {
    const resource = byUrn.get(urn);
    if (resource === undefined) continue;
    if (drawn.has(urn)) found.push(resource);
    else for (const use of usesOf(resource)) for (const next of use.urns) seen.add(next);
  }
  return found;
}
