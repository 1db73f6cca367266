/** Numbers in messages. Pure. */

/** The number with separators of thousands, such as `60,000`; the same for every locale of the machine. */
export const formatNumber = (value: number): string => value.toLocaleString("en-US");
