/** An object without the members that are undefined: absent is not the same as undefined in a request, in state, or in a comparison. */
export const omitUndefined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
