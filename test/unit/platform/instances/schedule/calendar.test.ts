import assert from "node:assert/strict";
import * as fc from "fast-check";
import { nextOccurrence, parseCalendar } from "../../../../../provider/platform/instances/schedule/calendar";
import { ApiItemError } from "../../../../../provider/platform/errors";
import { calendarExpression, DAY_NAMES, calendarField } from "../../../../support/calendarExpressions";

const at = (text: string): number => Date.parse(`${text}Z`);
const next = (expression: string, after: string): string | undefined => {
  const time = nextOccurrence(parseCalendar(expression), at(after));
  return time === undefined ? undefined : new Date(time).toISOString().slice(0, 19);
};

describe("a calendar expression", () => {
  it("has a next time", () => {
    // 2026-11-21 is a Saturday.
    const cases: [expression: string, after: string, expected: string][] = [
      ["minutely", "2026-11-21T10:20:30", "2026-11-21T10:21:00"],
      ["hourly", "2026-11-21T10:20:30", "2026-11-21T11:00:00"],
      ["daily", "2026-12-31T10:20:30", "2027-01-01T00:00:00"],
      ["weekly", "2026-11-21T10:20:30", "2026-11-23T00:00:00"],
      ["monthly", "2026-11-21T10:20:30", "2026-12-01T00:00:00"],
      ["quarterly", "2026-11-21T10:20:30", "2027-01-01T00:00:00"],
      ["*-*-* 04:00:00", "2026-11-21T03:59:59", "2026-11-21T04:00:00"],
      ["*-*-* 04:00:00", "2026-11-21T04:00:00", "2026-11-22T04:00:00"],
      ["Mon..Fri 08:00", "2026-11-21T00:00:00", "2026-11-23T08:00:00"],
      ["Mon-Fri 08:00", "2026-11-20T08:00:00", "2026-11-23T08:00:00"],
      ["*:0/15", "2026-11-21T10:20:30", "2026-11-21T10:30:00"],
      ["*:0/15", "2026-11-21T10:59:00", "2026-11-21T11:00:00"],
      ["Sat,sunday 9:5", "2026-11-21T09:05:00", "2026-11-22T09:05:00"],
      ["12-25", "2026-12-25T00:00:00", "2027-12-25T00:00:00"],
      ["*-02-29", "2026-01-01T00:00:00", "2028-02-29T00:00:00"],
      ["*-*-31 12:00:07 UTC", "2026-11-21T00:00:00", "2026-12-31T12:00:07"],
      ["2026..2030/2-1-1 1,2:3,4:5,6", "2026-01-01T02:04:06", "2028-01-01T01:03:05"],
    ];
    for (const [text, after, expected] of cases) assert.equal(next(text, after), expected, text);
  });

  it("can have no next time", () => {
    assert.equal(next("2020-1-1", "2026-11-21T00:00:00"), undefined);
    assert.equal(next("*-02-30", "2026-11-21T00:00:00"), undefined);
  });

  it("is rejected with the reason and the code for a bad value", () => {
    const bad: [expression: string, message: RegExp][] = [
      ["", /empty/],
      ["UTC", /empty/],
      ["every day", /'every'|'day'/],
      ["*", /missing/],
      ["4", /missing/],
      ["*:60", /minute 60.*0 to 59/],
      ["*-*-* 24:00", /hour 24/],
      ["*-13-1", /month 13/],
      ["*-0-1", /month 0/],
      ["2300-1-1", /year 2300/],
      ["5..1:0", /ends before/],
      ["Sat..Mon", /'sat..mon'/],
      ["*:0/0", /step/],
      ["*:0/90", /step/],
      ["*:*/5", /'\*\/5'/],
      ["*:,5", /minute/],
      ["*-*-* 1:00 Europe/Berlin", /'Europe\/Berlin'/],
      ["*-*~1", /day/],
      ["@1700000000", /missing|understood/],
      ["1:2:3:4", /more than/],
      ["1-2-3-4", /more than/],
      ["*:*:0.5", /'0.5'/],
      ["Mon Tue 1:00", /./],
      [`${"9".repeat(400)}:0`, /./],
      ["__proto__", /./],
      ["constructor", /./],
    ];
    for (const [text, message] of bad) {
      assert.throws(
        () => parseCalendar(text),
        (error) => error instanceof ApiItemError && error.itemCode === "Invalid" && message.test(error.message),
        text,
      );
    }
  });

  it("has a next time that is later, matches, is a whole second, and is the first match", () => {
    const after = fc.integer({ min: at("2026-01-01T00:00:00"), max: at("2040-01-01T00:00:00") });
    fc.assert(
      fc.property(calendarExpression, after, ({ text, fits }, time) => {
        const found = nextOccurrence(parseCalendar(text), time);
        // A brute-force search, second by second, of three hours at most.
        const begin = Math.floor(time / 1000) * 1000 + 1000;
        const limit = Math.min(found ?? Infinity, begin + 3 * 3_600_000);
        for (let second = begin; second < limit; second += 1000) assert.equal(fits(second), false, text);
        if (found === undefined) return;
        assert.ok(found > time && found % 1000 === 0 && fits(found), text);
      }),
      { numRuns: 300 },
    );
  });

  it("matches on no day between now and its next time", () => {
    const after = fc.integer({ min: at("2026-01-01T00:00:00"), max: at("2030-01-01T00:00:00") });
    const daily = fc.tuple(calendarField(1, 12), calendarField(1, 31), fc.subarray(DAY_NAMES, { minLength: 1 }));
    fc.assert(
      fc.property(daily, after, ([month, day, days], time) => {
        const found = nextOccurrence(parseCalendar(`${days.join(",")} *-${month.text}-${day.text}`), time);
        const fits = (midnight: number): boolean => {
          const date = new Date(midnight);
          const named = days.includes(DAY_NAMES[date.getUTCDay()] ?? "");
          return named && month.matches(date.getUTCMonth() + 1) && day.matches(date.getUTCDate());
        };
        let midnight = Math.floor(time / 86_400_000) * 86_400_000 + 86_400_000;
        while (midnight < (found ?? at("2060-01-01T00:00:00")) && !fits(midnight)) midnight += 86_400_000;
        assert.equal(found === undefined ? undefined : midnight, found);
      }),
      { numRuns: 500 },
    );
  });
});
