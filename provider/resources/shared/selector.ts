/** Objects that a program names by uuid or by name. Pure. */

/** Is this the object that a program means? */
export const isMeant = (
  uuidOrName: string,
  { uuid, name }: { readonly uuid?: string | undefined; readonly name?: string | undefined },
): boolean => uuidOrName === uuid || uuidOrName === name;
