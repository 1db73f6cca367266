import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import { ERRORS } from "../../../provider/base/errorCodes";
import { SETTING_KEYS } from "../../../provider/base/config/sources";
import { functions } from "../../../provider/functions/all";
import { resources } from "../../../provider/resources/all";
import { rangeText, typeText } from "../../../scripts/generate/reference/fields";
import { generate } from "../../../scripts/generate/main";
import { shapeOf } from "../../../scripts/generate/shape";
import { anchors, markdownPage } from "../../support/markdown";

const root = path.resolve(__dirname, "../../..");
const FOLDER = "docs/reference";

/** The cells of the row whose first cell names a property. */
function rowOf(page: string, property: string): readonly string[] {
  const { text } = markdownPage(`${FOLDER}/${page}.md`);
  const line = text
    .split("\n")
    .find((one) => one.startsWith(`| \`${property}\``) || one.startsWith(`| [\`${property}\``));
  assert.ok(line !== undefined, `${page}.md has no row of ${property}`);
  return line.split(/(?<!\\)\|/).map((cell) => cell.trim());
}

describe("the reference pages", () => {
  it("are current, and there is no other", async () => {
    const generated = [...(await generate())].filter(([file]) => file.startsWith(FOLDER));
    const present = fs.readdirSync(path.join(root, FOLDER)).map((name) => `${FOLDER}/${name}`);
    assert.deepEqual(present.sort(), generated.map(([file]) => file).sort());
    for (const [file, text] of generated) {
      assert.equal(fs.readFileSync(path.join(root, file), "utf8"), text, `${file}: run 'npm run generate'`);
    }
  });

  it("have a row for every input and output", () => {
    for (const [name, { inputs, outputs }] of [...Object.entries(resources), ...Object.entries(functions)]) {
      for (const property of [...Object.keys(inputs.shape), ...Object.keys(outputs.shape)]) rowOf(name, property);
    }
  });

  it("say what a change of an input does", () => {
    assert.ok(rowOf("Instance", "memoryMb").includes("restart"));
    assert.ok(rowOf("Instance", "tags").includes("in place"));
    assert.ok(rowOf("Instance", "restartPolicy").includes("replacement"));
    assert.ok(rowOf("Instance", "autostart").includes("ignored"));
    assert.ok(rowOf("Volume", "sizeMb").includes("conditional"));
  });

  it("state the default of an input, that of an empty list as none", () => {
    assert.ok(rowOf("Instance", "memoryMb").includes("128"));
    assert.ok(rowOf("Service", "hardLimit").includes("65,535"));
    assert.ok(rowOf("Instance", "volumes").includes("none"));
    assert.ok(rowOf("Certificate", "chain").includes("–"));
  });

  it("mark what is required, and what is secret", () => {
    assert.match(rowOf("Certificate", "key").join(), /required.*secret/);
    assert.match(rowOf("Instance", "env").join(), /secret/);
    assert.doesNotMatch(rowOf("Instance", "memoryMb").join(), /required|secret/);
    assert.match(rowOf("Provider", "token").join(), /secret/);
  });

  it("explain every error code by its cause and its fix", () => {
    const page = markdownPage(`${FOLDER}/errors.md`);
    const headings = anchors(page);
    for (const [name, { summary, cause, fix }] of Object.entries(ERRORS)) {
      assert.ok(headings.includes(name.toLowerCase()), name);
      for (const sentence of [summary, cause, fix]) {
        assert.match(sentence, /^[A-Z`].*\.$/, name);
        assert.ok(page.text.includes(sentence), name);
      }
    }
  });

  it("explain every setting", () => {
    const headings = anchors(markdownPage(`${FOLDER}/settings.md`));
    for (const key of SETTING_KEYS) assert.ok(headings.includes(key.toLowerCase()), key);
  });
});

describe("the type column of the reference pages", () => {
  const cases: readonly (readonly [z.ZodType, string, string])[] = [
    [z.int().min(1).max(65_535), "integer", "1 to 65,535"],
    [z.int(), "integer", ""],
    [z.int().min(0).optional(), "integer", "at least 0"],
    [z.string().min(1), "string", ""],
    [z.string().min(1).max(63), "string", "up to 63 characters"],
    [z.array(z.string()).max(8).default([]), "list of strings", "up to 8 items"],
    [z.array(z.enum(["tls", "http"])), 'list of `"tls"` | `"http"`', ""],
    [z.record(z.string(), z.int()), "map of integers", ""],
    [z.boolean().default(true), "boolean", ""],
  ];
  for (const [schema, type, range] of cases) {
    it(`says ${type}${range === "" ? "" : `, ${range}`}`, () => {
      assert.equal(typeText(shapeOf(schema)), type);
      assert.equal(rangeText(schema), range);
    });
  }
});
