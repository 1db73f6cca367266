import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { codeBlocks, markdownPage } from "../../support/markdown";

const folder = path.resolve(__dirname, "../../../examples");
const names = fs
  .readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** One printed page. */
const [MAX_LINES, MAX_WORDS] = [65, 600];

/** What somebody who begins with a copy of the folder has to type, in this order. */
const FIRST_STEPS = [
  "npm install /path/to/pulumi-unikernel-0.1.0.tgz",
  "export PULUMI_BACKEND_URL=",
  "pulumi stack init",
  "pulumi up",
] as const;

describe("the READMEs of the examples", () => {
  for (const name of names) {
    const page = markdownPage(`examples/${name}/README.md`);

    it(`is one page: ${name}`, () => {
      const { length } = page.text.trimEnd().split("\n");
      const words = page.text.split(/\s+/).length;
      assert.ok(length <= MAX_LINES && words <= MAX_WORDS, `${length} lines, ${words} words`);
    });

    if (!fs.existsSync(path.join(folder, name, "Pulumi.yaml"))) continue;
    it(`begins with a package that is not on npm, and ends with nothing left: ${name}`, () => {
      const shell = codeBlocks(page)
        .filter(({ language }) => language === "sh")
        .map(({ code }) => code)
        .join("");
      assert.deepEqual(
        FIRST_STEPS.filter((step) => !shell.includes(step)),
        [],
      );
      assert.match(page.text, /Node 22\.13 or newer/);
      assert.match(page.text, /pulumi destroy/);
    });
  }
});
