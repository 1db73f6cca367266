/** The server's own judgement of an object: its OpenAPI schema, its validation and its admission. */
import type { KubernetesApi } from "./api";

interface ApiResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** An object as a program describes it. */
export interface DescribedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/**
 * Asks the server to apply an object without keeping it, with unknown and duplicate fields as errors. Throws the server's
 * answer, a {@link KubernetesError}, if it would reject the object.
 */
export async function validateOnServer(api: KubernetesApi, object: DescribedObject): Promise<void> {
  const path = await pathOf(api, object);
  const query = "dryRun=All&fieldValidation=Strict&fieldManager=test&force=true";
  await api.request("PATCH", `${path}?${query}`, object, "application/apply-patch+yaml");
}

/** The path of an object, by the server's discovery. */
export async function pathOf(api: KubernetesApi, object: DescribedObject): Promise<string> {
  const { apiVersion, kind, metadata } = object;
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const { resources } = (await api.request("GET", root)) as { readonly resources: readonly ApiResource[] };
  const resource = resources.find((each) => each.kind === kind && !each.name.includes("/"));
  if (resource === undefined) throw new Error(`The server has no ${kind} in ${apiVersion}.`);
  const namespace = resource.namespaced ? `/namespaces/${metadata.namespace ?? "default"}` : "";
  return `${root}${namespace}/${resource.name}/${metadata.name}`;
}
