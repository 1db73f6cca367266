/** What a Kubernetes cluster adds to an object: a name and a namespace, which other objects refer to. */

type Members = { readonly [name: string]: unknown };

/** Source: the types of `@pulumi/kubernetes`, such as `kubernetes:core/v1:Secret`. */
const PREFIX = "kubernetes:";

const toMembers = (value: unknown): Members =>
  value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Members) : {};

/** The state of a resource; that of a Kubernetes object has a name, by default its Pulumi name, and a namespace, by default `default`. */
export function withObjectName(type: string, name: string, state: Members): Members {
  if (type.indexOf(PREFIX) !== 0) return state;
  const metadata = toMembers(state.metadata);
  return {
    ...state,
    metadata: { ...metadata, name: metadata.name || name, namespace: metadata.namespace || "default" },
  };
}
