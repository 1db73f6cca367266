/** The syntax of the issue forms. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import * as z from "zod";

const folder = path.resolve(__dirname, "../../../.github/ISSUE_TEMPLATE");
const read = (file: string): unknown => parse(fs.readFileSync(path.join(folder, file), "utf8"));

/** Source: https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema */
const required = z.strictObject({ required: z.boolean() }).optional();
const text = z.string().min(1);
const field = { label: text, description: text.optional() };
const typed = { ...field, placeholder: text.optional(), value: text.optional() };
const id = z.string().regex(/^[\w-]+$/);
const element = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("markdown"), attributes: z.strictObject({ value: text }) }),
  z.strictObject({ type: z.literal("input"), id, attributes: z.strictObject(typed), validations: required }),
  z.strictObject({
    type: z.literal("textarea"),
    id,
    attributes: z.strictObject({ ...typed, render: text.optional() }),
    validations: required,
  }),
  z.strictObject({
    type: z.literal("dropdown"),
    id,
    attributes: z.strictObject({ ...field, options: z.array(text).min(1) }),
    validations: required,
  }),
  z.strictObject({
    type: z.literal("checkboxes"),
    id,
    attributes: z.strictObject({
      ...field,
      options: z.array(z.strictObject({ label: text, required: z.boolean().optional() })).min(1),
    }),
  }),
]);
const form = z.strictObject({
  name: text,
  description: text,
  labels: z.array(text).optional(),
  body: z.array(element).min(1),
});

describe("the issue forms", () => {
  const forms = fs.readdirSync(folder).filter((name) => name !== "config.yml");

  it("are a bug report and a feature request, and blank issues are disabled", () => {
    assert.deepEqual(forms.sort(), ["bug.yml", "feature.yml"]);
    assert.deepEqual(read("config.yml"), { blank_issues_enabled: false });
  });

  for (const name of forms) {
    it(`have GitHub's syntax with unique ids and labels: ${name}`, () => {
      const { body } = form.parse(read(name));
      const questions = body.filter((one) => one.type !== "markdown");
      for (const values of [questions.map((one) => one.id), questions.map((one) => one.attributes.label)])
        assert.equal(new Set(values).size, values.length);
      assert.ok(questions.some((one) => one.type !== "checkboxes" && one.validations?.required === true));
    });
  }
});
