import assert from "node:assert/strict";
import { mock } from "node:test";
import { createProgressReporter } from "../../../../provider/image/build/progress";

describe("the progress of a build", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  it("prints the step that is under way after two seconds, then each step, and nothing after the end", () => {
    const lines: string[] = [];
    const { report, end } = createProgressReporter("Image 'shop'", (line) => lines.push(line));
    report("resolving the runtime");
    report("downloading");
    mock.timers.tick(1_999);
    assert.deepEqual(lines, []);
    mock.timers.tick(1);
    report("packing 3 files");
    end();
    report("too late");
    assert.deepEqual(lines, ["Image 'shop': downloading", "Image 'shop': packing 3 files"]);
  });

  it("prints nothing for a build that ends within two seconds", () => {
    const lines: string[] = [];
    const { report, end } = createProgressReporter("Image 'shop'", (line) => lines.push(line));
    report("packing 3 files");
    end();
    mock.timers.tick(10_000);
    assert.deepEqual(lines, []);
  });
});
