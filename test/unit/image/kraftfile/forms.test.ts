/** What each form of each key gives, by the behaviour of the vendor's tools. Prints how many of them pass. */
import assert from "node:assert/strict";
import { UnikernelError } from "../../../../provider/base/errors";
import { parseKraftfile } from "../../../../provider/image/kraftfile/parse";
import type { Form } from "./forms/form";
import { KERNEL_FORMS } from "./forms/kernels";
import { COMMAND_FORMS, PLATFORM_FORMS } from "./forms/settings";
import { SOURCE_FORMS } from "./forms/sources";
import { VERSION_FORMS } from "./forms/versions";

const FORMS = [...VERSION_FORMS, ...KERNEL_FORMS, ...SOURCE_FORMS, ...COMMAND_FORMS, ...PLATFORM_FORMS];

function assertForm({ text, gives, rejects, warns }: Form): void {
  if (rejects !== undefined) {
    assert.throws(
      () => parseKraftfile(text),
      (error) => UnikernelError.has(error, "KRAFTFILE_INVALID") && rejects.test(error.message),
    );
    return;
  }
  const kraftfile = parseKraftfile(text);
  const expected = gives ?? assert.fail("the row expects nothing");
  for (const [key, value] of Object.entries(expected)) {
    assert.deepEqual(withoutPositions(kraftfile[key as keyof typeof kraftfile]), value, key);
  }
  for (const { message } of kraftfile.warnings) assert.match(message, /[.)]$/, "the end of a sentence");
  const warnings = kraftfile.warnings.map(({ message }) => message).join("\n");
  if (warns === undefined) assert.equal(warnings, "");
  else assert.match(warnings, warns);
}

function withoutPositions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPositions);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !["position", "line", "column"].includes(key));
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutPositions(inner)]));
}

describe("the table of Kraftfile forms", () => {
  let passed = 0;
  for (const form of FORMS) {
    it(`${form.form} (${form.tool})`, () => {
      assertForm(form);
      passed++;
    });
  }
  after(() => console.log(`    ${passed} of ${FORMS.length} Kraftfile forms pass`));

  it("has at least 60 forms, each once", () => {
    assert.ok(FORMS.length >= 60);
    assert.equal(new Set(FORMS.map(({ text }) => text)).size, FORMS.length);
  });
});
