/**
 * Spellings that older official clients send and newer ones do not: rewritten to the newer ones before the models see them.
 * Sources: the Python client `unikraft-cloud-platform` 1.0.0 (`on_failure`, `delete_on_stop`), the vendor's older template
 * requests (`ids`, `from_uuid`), and the JavaScript SDK's policy without a name of its own. Pure.
 */
import type { RouteName } from "../../../contract/routes";

type JsonObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The body in the newer spelling; what is not an older spelling stays as it is. */
export function toNewerSpelling(name: RouteName, body: unknown): unknown {
  switch (name) {
    case "createInstance":
      return forEachItem(body, toNewerCreate);
    case "createTemplates":
    case "createVolumeTemplates":
      return toNewerTemplates(body);
    case "createPolicy":
      return forEachItem(body, toNamedPolicy);
    default:
      return body;
  }
}

const forEachItem = (body: unknown, rewrite: (item: JsonObject) => JsonObject): unknown => {
  const one = (item: unknown): unknown => (isObject(item) ? rewrite(item) : item);
  return Array.isArray(body) ? (body as unknown[]).map(one) : one(body);
};

/** `on_failure` and `delete_on_stop`, also in the request that a template is made from. */
function toNewerCreate(request: JsonObject): JsonObject {
  const { restart_policy: policy, features, template } = request;
  const hyphenated = (word: unknown): unknown => (word === "delete_on_stop" ? "delete-on-stop" : word);
  const inner = isObject(template) && isObject(template["create_args"]) ? template["create_args"] : undefined;
  return {
    ...request,
    ...(policy === "on_failure" ? { restart_policy: "on-failure" } : {}),
    ...(Array.isArray(features) ? { features: (features as unknown[]).map(hyphenated) } : {}),
    ...(inner === undefined ? {} : { template: { ...(template as JsonObject), create_args: toNewerCreate(inner) } }),
  };
}

/** `{"ids": […]}` for the items themselves, uuids as texts or as items, and `from_uuid` for `uuid`. */
function toNewerTemplates(body: unknown): unknown {
  if (isObject(body) && Array.isArray(body["ids"])) {
    const { ids, ...common } = body;
    return (ids as unknown[]).map((id) => ({ ...common, ...(isObject(id) ? id : { uuid: id }) }));
  }
  return forEachItem(body, ({ from_uuid: uuid, ...item }) => (uuid === undefined ? item : { uuid, ...item }));
}

/** A policy under `type` has the request's name where it has none. */
function toNamedPolicy(request: JsonObject): JsonObject {
  const { name, type } = request;
  return isObject(type) && type["name"] === undefined ? { ...request, type: { name, ...type } } : request;
}
