/**
 * Physical names. A resource without a `name` gets `<resource name>-<7 hex>`, chosen in check and kept in state, so that
 * a replacement can be made before the old one goes, and a create whose answer was lost can be found again.
 */
import type { Properties } from "./define";

/** Key under which the SDK passes the resource's Pulumi name to check; hidden from displays by its underscores. */
export const RESOURCE_NAME_KEY = "__resourceName";

/** Names are DNS labels (instance names become `<name>.internal`), 63 characters at most. */
export const NAME_PATTERN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
export const NAME_MAX_LENGTH = 63;
const SUFFIX_LENGTH = 7;

const stemOf = (resourceName: string): string =>
  resourceName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, NAME_MAX_LENGTH - SUFFIX_LENGTH - 1)
    .replace(/^-+|-+$/g, "") || "unnamed";

/** True for a name that {@link withName} made for this resource. */
export const isAutoName = (resourceName: string, name: unknown): boolean =>
  typeof name === "string" &&
  name.startsWith(`${stemOf(resourceName)}-`) &&
  /^[0-9a-f]{7}$/.test(name.slice(stemOf(resourceName).length + 1));

/**
 * Fills in `name` where the program gave none: the one in state if it was made here too, else a new one.
 *
 * @param randomHex at least 7 hexadecimal digits
 */
export function withName(resourceName: string, olds: Properties, news: Properties, randomHex: string): Properties {
  if (news["name"] !== undefined && news["name"] !== null) return news;
  const name = isAutoName(resourceName, olds["name"])
    ? olds["name"]
    : `${stemOf(resourceName)}-${randomHex.slice(0, SUFFIX_LENGTH)}`;
  return { ...news, name };
}
