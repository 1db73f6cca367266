/**
 * Calendar expressions of systemd, in UTC. Pure. Source: systemd.time(7), "Calendar events".
 *
 * Not supported: fractions of seconds, `~` (counted from the end of a month), Unix times (`@…`) and time zones other than UTC.
 */
import { ApiItemError } from "../../errors";

/** The values that a time must match, each list in ascending order. */
export interface Calendar {
  /** 0 is Sunday. */
  readonly weekdays: readonly number[];
  readonly years: readonly number[];
  /** 1 is January. */
  readonly months: readonly number[];
  readonly days: readonly number[];
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
}

/** The range of years in systemd. */
const YEAR: Field = { name: "year", min: 1970, max: 2199 };
const MONTH: Field = { name: "month", min: 1, max: 12 };
const DAY: Field = { name: "day", min: 1, max: 31 };
const HOUR: Field = { name: "hour", min: 0, max: 23 };
const MINUTE: Field = { name: "minute", min: 0, max: 59 };
const SECOND: Field = { name: "second", min: 0, max: 59 };

const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
/** Names in systemd's order for ranges: the week begins with Monday. */
const WEEK_FROM_MONDAY = [...WEEKDAYS.slice(1), "sunday"];

const SHORTHANDS: ReadonlyMap<string, string> = new Map([
  ["minutely", "*-*-* *:*:00"],
  ["hourly", "*-*-* *:00:00"],
  ["daily", "*-*-* 00:00:00"],
  ["weekly", "Mon *-*-* 00:00:00"],
  ["monthly", "*-*-01 00:00:00"],
  ["quarterly", "*-01,04,07,10-01 00:00:00"],
  ["semiannually", "*-01,07-01 00:00:00"],
  ["semi-annually", "*-01,07-01 00:00:00"],
  ["biannually", "*-01,07-01 00:00:00"],
  ["bi-annually", "*-01,07-01 00:00:00"],
  ["yearly", "*-01-01 00:00:00"],
  ["annually", "*-01-01 00:00:00"],
]);

/** Parses an expression. Throws `Invalid`; the message names the invalid part. */
export function parseCalendar(text: string): Calendar {
  const fail = (why: string): never => {
    throw new ApiItemError("Invalid", `'${text}' is not a calendar expression: ${why}`);
  };
  const words = text.split(" ").filter((word) => word !== "");
  if (words.at(-1)?.toLowerCase() === "utc") words.pop();
  const shorthand = words.length === 1 ? SHORTHANDS.get(words[0]?.toLowerCase() ?? "") : undefined;
  const parts = shorthand?.split(" ") ?? words;
  const weekdays = /^[a-z]/i.test(parts[0] ?? "") ? parts.shift() : undefined;
  const date = parts[0]?.includes(":") === false ? parts.shift() : undefined;
  const time = parts.shift();
  if (parts.length > 0) fail(`unexpected '${parts.join(" ")}'; write it as 'Mon..Fri *-*-* 08:00:00'`);
  if ((weekdays ?? date ?? time) === undefined) fail("it is empty");

  const [day, month, year] = (date ?? "*-*").split("-").reverse();
  const [hour, minute, second = "0", ...more] = (time ?? "0:0").split(":");
  const values = (field: Field, part: string | undefined): number[] =>
    part === undefined ? fail(`the ${field.name} is missing`) : parseValues(field, part, fail);
  if (more.length > 0 || (date ?? "").split("-").length > 3) fail(`it has more than a date and a time`);
  return {
    weekdays: weekdays === undefined ? WEEKDAYS.map((_, index) => index) : parseWeekdays(weekdays, fail),
    years: values(YEAR, year ?? "*"),
    months: values(MONTH, month),
    days: values(DAY, day),
    hours: values(HOUR, hour),
    minutes: values(MINUTE, minute),
    seconds: values(SECOND, second),
  };
}

type Fail = (why: string) => never;

const sortedUnique = (numbers: Iterable<number>): number[] => [...new Set(numbers)].sort((a, b) => a - b);

const numbersBetween = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);

/** `*`, or a list of values, ranges (`1..5`) and repetitions (`0/15`, `1..30/10`). */
function parseValues(field: Field, text: string, fail: Fail): number[] {
  if (text === "*") return numbersBetween(field.min, field.max, 1);
  const bounded = (digits: string): number => {
    const value = field === YEAR ? fullYear(Number(digits)) : Number(digits);
    const bounds = `${field.min} to ${field.max}`;
    return value < field.min || value > field.max ? fail(`the ${field.name} ${value} is not within ${bounds}`) : value;
  };
  return sortedUnique(
    text.split(",").flatMap((part) => {
      const [, first, last, every] = /^(\d{1,9})(?:\.\.(\d{1,9}))?(?:\/(\d{1,9}))?$/.exec(part) ?? [];
      if (first === undefined) return fail(`'${part}' is not a valid ${field.name}`);
      const from = bounded(first);
      const step = every === undefined ? undefined : Number(every);
      const to = last === undefined ? (step === undefined ? from : field.max) : bounded(last);
      if (to < from) fail(`the range '${part}' ends before it begins`);
      if (step === 0 || (step !== undefined && last === undefined && from + step > field.max))
        fail(`the step in '${part}' must be at least 1 and stay within ${field.min} to ${field.max}`);
      return numbersBetween(from, to, step ?? 1);
    }),
  );
}

/** Expands a year of two digits as systemd does: 70 to 99 mean 1970 to 1999. */
const fullYear = (year: number): number => (year < 70 ? 2000 + year : year < 100 ? 1900 + year : year);

/** Parses full or three-letter names, alone or as ranges such as `Mon..Fri`. */
function parseWeekdays(text: string, fail: Fail): number[] {
  const position = (name: string): number => {
    const found = WEEK_FROM_MONDAY.findIndex((day) => day === name || day.slice(0, 3) === name);
    return found < 0 ? fail(`'${name}' is not a day of the week`) : found;
  };
  const positions = text
    .toLowerCase()
    .split(",")
    .flatMap((part) => {
      const [first = "", last = first, ...more] = part.split(/\.\.|-/);
      const [from, to] = [position(first), position(last)];
      if (more.length > 0 || to < from) fail(`the range '${part}' of days does not end after it begins`);
      return numbersBetween(from, to, 1);
    });
  return sortedUnique(positions.map((one) => (one + 1) % WEEKDAYS.length));
}

/** The first matching time later than `after`, both in Unix milliseconds; `undefined` if there is none. */
export function nextOccurrence(calendar: Calendar, after: number): number | undefined {
  const start = new Date(Math.floor(after / 1000) * 1000 + 1000);
  const startDay = Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), start.getUTCDate());
  for (const year of calendar.years.filter((one) => one >= start.getUTCFullYear())) {
    for (const month of calendar.months) {
      if (Date.UTC(year, month, 0) < startDay) continue; // the last day of the month is before the start
      for (const day of calendar.days) {
        const at = Date.UTC(year, month - 1, day);
        const date = new Date(at);
        if (at < startDay || date.getUTCMonth() !== month - 1 || !calendar.weekdays.includes(date.getUTCDay()))
          continue;
        const time = firstTimeOfDay(calendar, at === startDay ? start.getTime() - at : 0);
        if (time !== undefined) return at + time;
      }
    }
  }
  return undefined;
}

/** The first matching time of day, at or after `from`, in milliseconds since midnight. */
function firstTimeOfDay({ hours, minutes, seconds }: Calendar, from: number): number | undefined {
  for (const hour of hours) {
    for (const minute of minutes) {
      const at = (hour * 60 + minute) * 60_000;
      const second = at + 60_000 <= from ? undefined : seconds.find((one) => at + one * 1000 >= from);
      if (second !== undefined) return at + second * 1000;
    }
  }
  return undefined;
}
