/** Objects that a program names by uuid or by name. Pure. */
import { isUuid } from "./fields";

/** Names an object in a request's query. An id is a uuid; a `get` may name an object in its place. */
export const queryFor = (uuidOrName: string): { uuid: string[] } | { name: string[] } =>
  isUuid(uuidOrName) ? { uuid: [uuidOrName] } : { name: [uuidOrName] };

/** Is this the object that a program means by a uuid or a name? */
export const isMeant = (
  uuidOrName: string,
  { uuid, name }: { readonly uuid?: string | undefined; readonly name?: string | undefined },
): boolean => uuidOrName === uuid || uuidOrName === name;
