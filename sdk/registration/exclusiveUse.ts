/**
 * Whether a resource holds something that only one resource can hold at a time. Its replacement can then not be created before it is
 * deleted. The provider's diff says so too, but the engine asks for none where it replaces for reasons of its own: `--replace`,
 * `replacementTrigger`, `replaceWith`, another provider.
 */

type Arguments = { readonly [name: string]: unknown };

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/** True for a list with items, and for one whose items are not known to the program yet. */
const mayHaveItems = (value: unknown): boolean => isGiven(value) && !(Array.isArray(value) && value.length === 0);

/** The members of an argument; `undefined` if they are not known to the program yet. */
const membersOf = (value: unknown): Arguments | undefined =>
  value !== null &&
  typeof value === "object" &&
  typeof (value as { apply?: unknown }).apply !== "function" &&
  typeof (value as { then?: unknown }).then !== "function"
    ? (value as Arguments)
    : undefined;

/** True unless every mount is read-only in so many words. */
function mayWrite(volumes: unknown): boolean {
  if (!mayHaveItems(volumes)) return false;
  return !Array.isArray(volumes) || volumes.some((mount: unknown) => (membersOf(mount) || {}).readonly !== true);
}

/** True for a group with a name, a domain, or ports of a machine that has each port once. */
function groupIsUnique(group: unknown, portsAreUnique: boolean): boolean {
  if (!isGiven(group)) return false;
  const members = membersOf(group);
  if (members === undefined) return true;
  return isGiven(members.name) || mayHaveItems(members.domains) || (portsAreUnique && mayHaveItems(members.ports));
}

/**
 * True if only one such resource can exist at a time, or if that is not known.
 *
 * @param portsAreUnique true where published ports are ports of one machine: on the local platform
 */
export function usesExclusively(args: object, portsAreUnique: boolean): boolean {
  const given = args as Arguments;
  if (isGiven(given.name) || mayHaveItems(given.domains)) return true;
  // With takeOver the provider's diff decides: the successor needs the addresses that the instance has.
  if (mayHaveItems(given.networkInterfaces) && given.takeOver !== true) return true;
  if (portsAreUnique && mayHaveItems(given.ports)) return true;
  if (mayWrite(given.volumes) || groupIsUnique(given.serviceGroup, portsAreUnique)) return true;
  if (!isGiven(given.template) || typeof given.template === "string") return false;
  const template = membersOf(given.template);
  const rollout = membersOf(given.rollout) || {};
  return rollout.sharedVolumes !== true && (template === undefined || mayWrite(template.volumes));
}
