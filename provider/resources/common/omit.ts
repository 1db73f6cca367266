/** What a minimal request leaves out, and what a response may hold that is not known here. Pure. */

/** The value; `undefined` where it is the default. */
export const omitDefault = <T>(defaultValue: NoInfer<T>, value: T | undefined): T | undefined =>
  value === defaultValue ? undefined : value;

/** The list or map; `undefined` where it is empty. */
export const omitEmpty = <T extends object>(value: T | undefined): T | undefined =>
  value === undefined || Object.keys(value).length === 0 ? undefined : value;

/** The reported value as one of those that an input may have; `undefined` for a value that only a newer server knows. */
export const enumMember = <const T extends string>(
  values: readonly T[],
  reportedValue: string | undefined,
): T | undefined => values.find((one) => one === reportedValue);
