/** Finds what a request names: objects by uuid or name, instances that are not being deleted, images by reference. */
import { ApiItemError } from "./errors";
import type { Instance } from "./instances/instance";
import type { Registry } from "./registry";

/** An object named by exactly one of uuid and name. */
export type Selector = { readonly uuid: string } | { readonly name: string };

/** What any object has. */
export type ObjectIdentity = {
  readonly uuid: string;
  readonly name: string;
};

/** A uuid as the platform writes it. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The object of a selector. Throws a refusal: `Invalid` for a malformed uuid, `NotFound` when there is none. */
export function findBySelector<T>(
  objects: Iterable<T>,
  identityOf: (object: T) => ObjectIdentity,
  kind: string,
  selector: Selector,
): T {
  const wanted = "uuid" in selector ? selector.uuid : selector.name;
  if ("uuid" in selector && !UUID.test(wanted)) throw new ApiItemError("Invalid", `Invalid uuid '${wanted}'`);
  for (const object of objects) {
    if (("uuid" in selector ? identityOf(object).uuid : identityOf(object).name) === wanted) return object;
  }
  throw new ApiItemError("NotFound", `No ${kind} with ${"uuid" in selector ? "uuid" : "name"} '${wanted}'`);
}

/** The id of an instance becomes invalid with its delete, before its VM is gone. */
export const isVisible = ({ isBeingDeleted }: Instance): boolean => !isBeingDeleted;

/** What may be named. Oldest first. */
export const visibleInstances = (registry: Registry): Instance[] => [...registry.instances.values()].filter(isVisible);

/** The instance of a selector. Throws refusals `NotFound`, `Invalid`. */
export const findInstance = (registry: Registry, selector: Selector): Instance =>
  findBySelector(visibleInstances(registry), ({ record }) => record, "instance", selector);

/** `oci://local/<repository>@<digest>`: the form in which the platform names an image, whatever it was asked for. */
export const canonicalImageUrl = (repository: string, digest: string): string => `oci://local/${repository}@${digest}`;

/** What a layout understands of a reference: the canonical form names this platform in front. */
export const stripPlatformPrefix = (reference: string): string => reference.replace(/^(oci:\/\/)?local\//, "");

/** True for a repository (a tag or digest may follow) of an account, of one application of it, or of `official`: those without account. */
export function isInNamespace(reference: string, namespace: string): boolean {
  const repository = reference.replace(/[:@].*$/, "");
  if (namespace === "official") return !repository.includes("/");
  return repository === namespace || repository.startsWith(`${namespace}/`);
}
