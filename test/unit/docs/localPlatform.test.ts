import assert from "node:assert/strict";
import { DEFAULT_QUOTAS, flattenQuotas } from "../../../provider/platform/quota/quotaSettings";
import { DEFAULT_TIMINGS } from "../../../provider/platform/timings";
import { markdownPage } from "../../support/markdown";

describe("the page of the local platform", () => {
  const { text } = markdownPage("docs/local-platform.md");

  it("lists every quota with its default", () => {
    const cells = [...text.matchAll(/\| `([a-z_]+)` +\| (\d+) +(?=\|)/g)].map(([, name = "", value]) => [name, value]);
    const expected = Object.entries(flattenQuotas(DEFAULT_QUOTAS)).map(([name, value]) => [name, String(value)]);
    assert.deepEqual(Object.fromEntries(cells), Object.fromEntries(expected));
  });

  it("says after how many seconds an idle daemon exits", () => {
    assert.match(text, new RegExp(`exits ${DEFAULT_TIMINGS.idleExitMs / 1000} seconds after`));
  });
});
