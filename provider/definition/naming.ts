/**
 * Physical names. A resource without a `name` gets `<resource name>-<7 hex>`, chosen in check and kept in state, so that
 * a replacement can be made before the old one goes, and a create whose answer was lost can be found again.
 */
import type { Properties } from "./resource";

/** Key under which the SDK passes the resource's Pulumi name to check; hidden from displays by its underscores. */
export const RESOURCE_NAME_KEY = "__resourceName";

/** Key under which inputs remember that their name was made here. Its look cannot tell: programs add short hashes to names as well. */
export const AUTO_NAME_KEY = "__autoName";

/** Names that are made here, and those of instances and services, are DNS labels (`<name>.internal`), 63 characters at most. */
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

/** True when a replacement would ask for a name that its predecessor holds. A name made here is made anew for it. */
export const reusesName = (olds: Properties, news: Properties): boolean =>
  news[AUTO_NAME_KEY] !== true && olds["name"] === news["name"];
