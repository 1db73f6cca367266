/** References to objects by UUID or name. Pure. */

/** True if the reference names this object. UUIDs are compared without case, names with case. */
export const matchesReference = (
  uuidOrName: string,
  { uuid, name }: { readonly uuid?: string | undefined; readonly name?: string | undefined },
): boolean => uuidOrName.toLowerCase() === uuid?.toLowerCase() || uuidOrName === name;

/** Instances as a list for a sentence: `instance 'a' and instance 'b'`; empty for none. */
export const instanceList = (instances: readonly { readonly name: string }[]): string =>
  instances.map(({ name }) => `instance '${name}'`).join(" and ");
