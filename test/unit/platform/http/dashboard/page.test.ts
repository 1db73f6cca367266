/** The pure functions of the page; the whole page is tested in a browser (test/foreign). */
import assert from "node:assert/strict";
import * as path from "node:path";
import { pathToFileURL } from "node:url";

const PAGE = path.join(__dirname, "../../../../../provider/platform/http/dashboard/page");
const load = async (name: string) =>
  (await import(pathToFileURL(path.join(PAGE, name)).href)) as Readonly<
    Record<string, (...args: unknown[]) => unknown>
  >;

describe("the dashboard's page", () => {
  it("writes sizes and times for people", async () => {
    const { formatBytes, formatMs, formatAge, median } = await load("format.mjs");
    assert.deepEqual([0, 5 * 2 ** 20, 300 * 2 ** 20, 3 * 2 ** 30].map((one) => formatBytes?.(one)), ["0.0 MiB", "5.0 MiB", "300 MiB", "3.0 GiB"]); // prettier-ignore
    assert.deepEqual([undefined, 0.44, 72.4, 1234, 12_345].map((one) => formatMs?.(one)), ["–", "0.4 ms", "72 ms", "1.23 s", "12.3 s"]); // prettier-ignore
    assert.deepEqual([1000, 60_000, 600_000, 7_200_000].map((one) => formatAge?.(one)), ["1 s", "60 s", "10 min", "2 h"]); // prettier-ignore
    assert.deepEqual(
      [[], [3], [1, 9, 2], [4, 1]].map((one) => median?.(one)),
      [undefined, 3, 2, 2.5],
    );
  });

  it("places states in the window, and describes them", async () => {
    const { segments, describeChanges } = await load("timeline.mjs");
    const changes = [{ at: 0, state: "starting" }, { at: 500, state: "running" }, { at: 1500, state: "standby" }]; // prettier-ignore
    assert.deepEqual(segments?.(changes, 2000, 1000), [
      { state: "running", from: 0, to: 500 },
      { state: "standby", from: 500, to: 1000 },
    ]);
    assert.equal(describeChanges?.(changes, 61_500), "standby for 60 s, 2 changes before");
  });

  it("has a scale that holds all times", async () => {
    const { decades } = await load("plot.mjs");
    assert.deepEqual(decades?.([]), [1, 10, 100, 1_000, 10_000]);
    assert.deepEqual(decades?.([0.4, 20_000]), [0.1, 1, 10, 100, 1_000, 10_000, 100_000]);
  });

  it("shows logs without what only a terminal understands", async () => {
    const { withoutControls } = await load("log.mjs");
    assert.equal(withoutControls?.("\u001b[1;32mok\u001b[0m\r\n\u001b[2Kdone [x]"), "ok\ndone [x]");
  });
});
