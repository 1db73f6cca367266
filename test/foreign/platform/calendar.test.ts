import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fc from "fast-check";
import { nextOccurrence, parseCalendar } from "../../../provider/platform/instances/schedule/calendar";
import { calendarExpression } from "../../support/calendarExpressions";

/** How systemd evaluates expressions; `undefined` for one that it rejects. */
function systemd(expression: string, base: number): readonly (number | "never")[] | undefined {
  const time = `${new Date(base).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const args = ["calendar", `--base-time=${time}`, "--iterations=3", "--", expression];
  const { error, stdout, status } = childProcess.spawnSync("systemd-analyze", args, {
    encoding: "utf8",
    env: { ...process.env, TZ: "UTC", LC_ALL: "C" },
  });
  if (error !== undefined)
    assert.fail(`'systemd-analyze' could not be run (${error.message}); install Debian's package 'systemd'`);
  if (status !== 0) return undefined;
  return [...stdout.matchAll(/(?:Next elapse|Iter\. #\d+): (?:\w{3} (.*) UTC|never)/g)].map(([, at]) =>
    at === undefined ? "never" : Date.parse(`${at.replace(" ", "T")}Z`),
  );
}

function ours(expression: string, base: number): (number | "never")[] | undefined {
  try {
    const calendar = parseCalendar(expression);
    const times: number[] = [];
    let at = nextOccurrence(calendar, base);
    if (at === undefined) return ["never"];
    for (; at !== undefined && times.length < 3; at = nextOccurrence(calendar, at)) times.push(at);
    return times;
  } catch {
    return undefined;
  }
}

describe("calendar expressions compared with systemd", () => {
  const base = Date.UTC(2026, 10, 21, 10, 20, 30);

  it("have the same times for random expressions", () => {
    fc.assert(
      fc.property(calendarExpression, ({ text }) => assert.deepEqual(ours(text, base), systemd(text, base), text)),
      { numRuns: 150 },
    );
  });

  it("have the same times in every supported notation", () => {
    const written = [
      ...["minutely", "hourly", "daily", "weekly", "monthly", "quarterly", "semiannually", "yearly", "DAILY UTC"],
      ...["Mon..Fri 08:00", "Mon-Fri 08:00", "Sat,Sunday", "MON..FRI,sun 1:2:3", "12-25", "*-* 1:00", "*-*-*", "*:*"],
      ...["2027..2031/2-1-1", "2026/3-*-1", "99-1-1", "69-1-1", "*-02-30", "*-02-29", "*:0/15", "*:0..30/7,45"],
      ...["*:0..30/40", "*:58/1", "00001:0", "*:5..5"],
    ];
    for (const text of written) assert.deepEqual(ours(text, base), systemd(text, base), text);
  });

  it("are rejected when systemd rejects them", () => {
    const invalid = [
      ...["*", "4", "", "*:60", "24:00", "*-13-1", "*-0-1", "2300-1-1", "5..1:0", "Sat..Mon", "*:0/0", "*:0/90"],
      ...["*:59/1", "*:*/5", "*:,5", "*-*-*,1", "1:2:3:4", "Mon Tue 1:00", "Tues 1:00", "1 :0", "UTC", "*:1..2..3"],
    ];
    for (const text of invalid) assert.deepEqual([ours(text, base), systemd(text, base)], [undefined, undefined], text);
  });
});
