/** The pictures of the examples: what their programs register, drawn again. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { drawExample, exampleNames, pictureFile } from "../../../scripts/topology/example";

describe("the pictures of the examples", function () {
  this.timeout(60_000);
  it("are up to date", async () => {
    for (const name of await exampleNames()) {
      const committed = await fs.readFile(pictureFile(name), "utf8").catch(() => "");
      assert.equal(await drawExample(name), committed, `run 'npm run topology -- ${name}' and look at the picture`);
    }
  });
});
