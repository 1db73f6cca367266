/**
 * Physical names. A resource without a `name` gets `<resource name>-<7 hex>`, where the digits derive from its identity: a preview,
 * a saved plan, an update and a retry after a killed one all arrive at the same name. If an object has it already, such as the
 * predecessor of a replacement, the next one is `<resource name>-<7 hex>-2`. A name in state stays.
 */
import type { Properties } from "./resource";

/** Key that marks a derived name. The form of a name does not tell, because programs also append short hashes. */
export const AUTO_NAME_KEY = "__autoName";

/** Form of derived names and of instance and service names: DNS labels (`<name>.internal`). */
export const DNS_NAME_PATTERN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
/** Limit of a DNS label (RFC 1035, 2.3.4). */
export const MAX_DNS_NAME_LENGTH = 63;
const HASH_LENGTH = 7;
/** Room for `-` and a number. */
const ORDINAL_LENGTH = 4;

/** The greatest ordinal that {@link deriveName} takes. */
export const MAX_NAME_ORDINAL = 999;

const toNameStem = (resourceName: string): string =>
  resourceName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_DNS_NAME_LENGTH - HASH_LENGTH - 1 - ORDINAL_LENGTH)
    .replace(/^-+|-+$/g, "") || "unnamed";

/**
 * The name of a resource that was given none.
 *
 * @param resourceHash at least 7 hexadecimal digits of its identity
 * @param ordinal 1 for the first choice, 2 for the one to take if an object has the first, …; at most {@link MAX_NAME_ORDINAL}
 */
export function deriveName(resourceName: string, resourceHash: string, ordinal = 1): string {
  const name = `${toNameStem(resourceName)}-${resourceHash.slice(0, HASH_LENGTH)}`;
  return ordinal === 1 ? name : `${name}-${ordinal}`;
}

/** What a name that {@link deriveName} may have given begins with; any other name as it is. */
export const nameStem = (name: string): string => name.replace(/-[0-9a-f]{7}(-\d{1,3})?$/, "");

/** True if the name may be the one that {@link deriveName} gave to a resource of this name. */
export function isDerivedFrom(resourceName: string, name: string): boolean {
  const stem = `${toNameStem(resourceName)}-`;
  return name.startsWith(stem) && /^[0-9a-f]{7}(-\d{1,3})?$/.test(name.slice(stem.length));
}

/**
 * Fills in `name` where the program gave none, and remembers that it did: the one in state if it was derived too (also for a
 * resource that was renamed in the program since), else the first choice of {@link deriveName}.
 *
 * @param olds the inputs in state, `{}` for a new resource and for a replacement
 * @param resourceHash at least 7 hexadecimal digits of the resource's identity
 */
export function withAutoName(
  resourceName: string,
  olds: Properties,
  news: Properties,
  resourceHash: string,
): Properties {
  if (news["name"] !== undefined && news["name"] !== null) return news;
  const name = olds[AUTO_NAME_KEY] === true ? olds["name"] : deriveName(resourceName, resourceHash);
  return { ...news, name, [AUTO_NAME_KEY]: true };
}

/** True if a replacement needs the name that the old resource holds. A derived name is derived again, and then another one. */
export const reusesName = (olds: Properties, news: Properties): boolean =>
  news[AUTO_NAME_KEY] !== true && olds["name"] === news["name"];

/** An object in a metro. */
export interface NamedObject {
  /** Such as `Instance`. */
  readonly kind: string;
  readonly name: string;
  /** As the user wrote it. */
  readonly metro: string;
}

/** The command that deletes an object, unless a finished create of a stack made it: then it refuses, and says how to make sure. */
export const deleteCommand = ({ kind, name, metro }: NamedObject): string =>
  `npx unikernel delete ${kind.toLowerCase()} ${name} --metro ${metro}${kind === "Service" ? " --with-instances" : ""}`;

/** The command that deletes an object that a finished create of a stack made, and that certainly no state records. */
export const deleteManagedCommand = (object: NamedObject): string => `${deleteCommand(object)} --managed`;
