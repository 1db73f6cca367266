/** What the check of a name says about objects that an earlier create of the same resource made. Pure. */
import { deleteCommand, deleteManagedCommand } from "../definition/naming";

/** The resource whose name is checked. */
interface CheckedResource {
  readonly kind: string;
  readonly label: string;
  readonly metro: string;
}

/** Of an object that the create takes over. */
export const unfinishedNotice = ({ label }: CheckedResource, name: string): string =>
  `${label}: continues with '${name}', which an earlier update left unfinished.`;

/**
 * The object is the predecessor of a replacement that the engine was asked for (`--replace`), which it does not tell a provider, or was
 * left by an update that was killed before its create was recorded. Only the user can tell, so the harmless way comes first, and the
 * command refuses once.
 */
const madeForNotice = ({ label }: CheckedResource, name: string): string =>
  `${label}: '${name}' exists and was made for this resource`;

/** Nobody else has a derived name, unless another stack of this name exists. `isPassed`: the resource takes a later name. */
export const leftoverNotice = (resource: CheckedResource, name: string, isPassed: boolean): string =>
  `${madeForNotice(resource, name)}${isPassed ? ", so a new one gets another name" : ""}: do nothing if this update replaces it, or if another stack of this name manages it. If a killed update left it, delete it: ${deleteCommand({ ...resource, name })}`;

/** Of an object that certainly no state records. */
export const unrecordedNotice = (resource: CheckedResource, name: string): string =>
  `${madeForNotice(resource, name)} by an earlier update, which was killed before it was recorded. Delete it: ${deleteManagedCommand({ ...resource, name })}`;

/** Of an object with a name that the program gave. */
export const givenLeftoverNotice = (resource: CheckedResource, name: string): string =>
  `${madeForNotice(resource, name)}: do nothing if this update replaces it. If a killed update left it, set adopt: true to manage it, or delete it: ${deleteCommand({ ...resource, name })}`;
