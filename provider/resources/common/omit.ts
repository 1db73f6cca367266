/** Values that a minimal request leaves out, and enum values that a newer server may report. Pure. */

/** The value; undefined if it equals the default. */
export const omitDefault = <T>(defaultValue: NoInfer<T>, value: T | undefined): T | undefined =>
  value === defaultValue ? undefined : value;

/** The list or map; undefined if it is empty. */
export const omitEmpty = <T extends object>(value: T | undefined): T | undefined =>
  value === undefined || Object.keys(value).length === 0 ? undefined : value;

/** The reported value as a member of the enum; undefined for a value that only a newer server knows. */
export const enumMember = <const T extends string>(
  values: readonly T[],
  reportedValue: string | undefined,
): T | undefined => values.find((one) => one === reportedValue);
