/**
 * Physical names. A resource without a `name` gets `<resource name>-<7 hex>`, chosen in check and kept in state, so that
 * a replacement can be created before the old resource is deleted, and a create whose response was lost can be found again.
 */
import type { Properties } from "./resource";

/** Key that marks a generated name. The form of a name does not tell, because programs also append short hashes. */
export const AUTO_NAME_KEY = "__autoName";

/** Form of generated names and of instance and service names: DNS labels (`<name>.internal`). */
export const DNS_NAME_PATTERN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
export const MAX_DNS_NAME_LENGTH = 63;
const SUFFIX_LENGTH = 7;

const toNameStem = (resourceName: string): string =>
  resourceName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_DNS_NAME_LENGTH - SUFFIX_LENGTH - 1)
    .replace(/^-+|-+$/g, "") || "unnamed";

/**
 * Fills in `name` where the program gave none, and remembers that it did: the one in state if it was made here too (also
 * for a resource that was renamed in the program since), else a new one.
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

/** True if a replacement needs the name that the old resource holds. A generated name is generated again. */
export const reusesName = (olds: Properties, news: Properties): boolean =>
  news[AUTO_NAME_KEY] !== true && olds["name"] === news["name"];
