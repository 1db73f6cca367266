/** Numbers in messages. Pure. */

/** The number with separators of thousands, such as `60,000`; the same for every locale of the machine. */
export const formatNumber = (value: number): string => value.toLocaleString("en-US");

/** `1 port`, `2 ports`: for a noun whose plural has an s. */
export const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
