/**
 * Physical names. A resource without a `name` gets `<resource name>-<7 hex digits>`, generated in check and saved in state. The
 * random part lets a replacement be created before the old resource is deleted. The saved name finds an object again if the
 * response to its create was lost.
 */
import type { Properties } from "./resource";

/** Key under which the SDK passes the resource's Pulumi name to check; the underscores hide it from displays. */
export const RESOURCE_NAME_KEY = "__resourceName";

/** Key that marks a generated name. The name itself does not show it, because programs append short hashes too. */
export const AUTO_NAME_KEY = "__autoName";

/** Pattern of generated names, and of instance and service names, which are DNS labels (`<name>.internal`). */
export const DNS_NAME_PATTERN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
/** Limit of a DNS label (RFC 1035, 2.3.4). */
export const MAX_DNS_NAME_LENGTH = 63;
const SUFFIX_LENGTH = 7;

const toNameStem = (resourceName: string): string =>
  resourceName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_DNS_NAME_LENGTH - SUFFIX_LENGTH - 1)
    .replace(/^-+|-+$/g, "") || "unnamed";

/**
 * Fills in `name` if the program sets none, and marks it as generated. Keeps a generated name from state, even if the resource was
 * renamed in the program; otherwise generates a new one.
 *
 * @param olds the inputs in state, `{}` for a new resource and for a replacement
 * @param randomHex at least 7 hexadecimal digits
 */
export function withAutoName(resourceName: string, olds: Properties, news: Properties, randomHex: string): Properties {
  if (news["name"] !== undefined && news["name"] !== null) return news;
  const name =
    olds[AUTO_NAME_KEY] === true ? olds["name"] : `${toNameStem(resourceName)}-${randomHex.slice(0, SUFFIX_LENGTH)}`;
  return { ...news, name, [AUTO_NAME_KEY]: true };
}

/** True if a replacement has the same name as the old resource. A generated name is generated anew and so never the same. */
export const reusesName = (olds: Properties, news: Properties): boolean =>
  news[AUTO_NAME_KEY] !== true && olds["name"] === news["name"];
