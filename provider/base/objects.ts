/** Removes members that are undefined, since requests, state and comparisons distinguish them from absent ones. */
export const omitUndefined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
