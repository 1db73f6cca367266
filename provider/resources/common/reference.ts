/** Objects that a program names by uuid or by name. Pure. */

/** Is this the object that a program means? A uuid is the same in capitals; a name is not. */
export const matchesReference = (
  uuidOrName: string,
  { uuid, name }: { readonly uuid?: string | undefined; readonly name?: string | undefined },
): boolean => uuidOrName.toLowerCase() === uuid?.toLowerCase() || uuidOrName === name;
