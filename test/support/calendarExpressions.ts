/** Random calendar expressions with their meaning. */
import * as fc from "fast-check";

/** One field of an expression with its meaning: as text and as a predicate. */
export interface CalendarField {
  readonly text: string;
  readonly matches: (value: number) => boolean;
}

/**
 * A field from `min` to `max`: anything, a list, a range, a repetition. Repetitions of days must have an end: systemd 252
 * follows `2/9` to December 38th, takes that for January 7th, and so misses January 2nd.
 */
export function calendarField(min: number, max: number, endOfRepetition = ""): fc.Arbitrary<CalendarField> {
  const value = fc.integer({ min, max });
  const one = value.map((v): CalendarField => ({ text: String(v), matches: (x) => x === v }));
  const range = fc.tuple(value, value, fc.integer({ min: 1, max: max - min })).map(([a, b, step]): CalendarField => {
    const [from, to] = [Math.min(a, b), Math.max(a, b)];
    return { text: `${from}..${to}/${step}`, matches: (x) => x >= from && x <= to && (x - from) % step === 0 };
  });
  const repeated = fc.integer({ min, max: max - 1 }).chain((from) =>
    fc.integer({ min: 1, max: max - from }).map((step): CalendarField => {
      return { text: `${from}${endOfRepetition}/${step}`, matches: (x) => x >= from && (x - from) % step === 0 };
    }),
  );
  const listed = fc
    .array(fc.oneof(one, range, repeated), { minLength: 1, maxLength: 3 })
    .map((parts): CalendarField => ({
      text: parts.map(({ text }) => text).join(","),
      matches: (x) => parts.some(({ matches: fits }) => fits(x)),
    }));
  return fc.oneof(fc.constant<CalendarField>({ text: "*", matches: () => true }), listed);
}

/** Names in an expression by the number of the day. */
export const DAY_NAMES = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
/** A whole expression with its meaning. */
export const calendarExpression = fc
  .record({
    days: fc.subarray(DAY_NAMES),
    month: calendarField(1, 12),
    day: calendarField(1, 31, "..31"),
    hour: calendarField(0, 23),
    minute: calendarField(0, 59),
    second: calendarField(0, 59),
  })
  .map(({ days, month, day, hour, minute, second }) => ({
    text: `${days.join(",")} *-${month.text}-${day.text} ${hour.text}:${minute.text}:${second.text}`.trim(),
    fits: (time: number): boolean => {
      const date = new Date(time);
      return (
        (days.length === 0 || days.includes(DAY_NAMES[date.getUTCDay()] ?? "")) &&
        month.matches(date.getUTCMonth() + 1) &&
        day.matches(date.getUTCDate()) &&
        hour.matches(date.getUTCHours()) &&
        minute.matches(date.getUTCMinutes()) &&
        second.matches(date.getUTCSeconds())
      );
    },
  }));
