/** Expected values are those of the Compose specification, "Interpolation", and of its examples. */
import assert from "node:assert/strict";
import { InterpolationError, interpolate } from "../../../../provider/compose/text/interpolate";

const VARIABLES: Readonly<Record<string, string>> = { SET: "value", EMPTY: "", NESTED: "inner", _x1: "under" };
const lookup = (name: string): string | undefined => VARIABLES[name];

describe("compose: interpolation", () => {
  const values: readonly (readonly [string, string])[] = [
    ["plain", "plain"],
    ["$SET", "value"],
    ["${SET}", "value"],
    ["a${SET}b$SET.c", "avaluebvalue.c"],
    ["$_x1", "under"],
    ["${SET:-default}", "value"],
    ["${SET-default}", "value"],
    ["${EMPTY:-default}", "default"],
    ["${EMPTY-default}", ""],
    ["${UNSET:-default}", "default"],
    ["${UNSET-default}", "default"],
    ["${UNSET:-}", ""],
    ["${SET:?error}", "value"],
    ["${SET?error}", "value"],
    ["${EMPTY?error}", ""],
    ["${SET:+other}", "other"],
    ["${SET+other}", "other"],
    ["${EMPTY:+other}", ""],
    ["${EMPTY+other}", "other"],
    ["${UNSET:+other}", ""],
    ["${UNSET+other}", ""],
    ["${UNSET:-${NESTED}}", "inner"],
    ["${UNSET:-${OTHER:-deep}}", "deep"],
    ["${UNSET-a${NESTED}b}c", "ainnerbc"],
    ["${SET:+<${SET}>}", "<value>"],
    ["${UNSET:-a:b-c?d}", "a:b-c?d"],
    ["${UNSET:-{}}", "{}"],
    ["$$SET", "$SET"],
    ["$${SET}", "${SET}"],
    ["$$$SET", "$value"],
    ["${UNSET:-$$5}", "$5"],
    ["$", "$"],
    ["cost: $5", "cost: $5"],
    ["$(pwd) $ ", "$(pwd) $ "],
    ["échantillon ${SET}", "échantillon value"],
  ];
  for (const [template, expected] of values)
    it(`of ${template} is '${expected}'`, () => assert.equal(interpolate(template, lookup).text, expected));

  it("names the variables that were used, and those that are not set", () => {
    assert.deepEqual(interpolate("${SET}${UNSET}${OTHER:-x}${EMPTY:+y}", lookup), {
      text: "valuex",
      used: ["SET"],
      unset: ["UNSET"],
    });
    assert.deepEqual(interpolate("${UNSET:-text}", lookup).used, [], "a default is not a value of a variable");
  });

  const errors: readonly (readonly [string, RegExp])[] = [
    ["${}", /'\$\{' is not followed by a variable/],
    ["${1A}", /'\$\{' is not followed by a variable/],
    ["${SET", /is not closed/],
    ["${UNSET:-${SET}", /is not closed/],
    ["${SET!x}", /'SET' in braces is followed by something else/],
    ["${SET:}", /'SET' in braces is followed by something else/],
    ["${UNSET:?set the key}", /^the variable UNSET is required: set the key$/],
    ["${UNSET?}", /^the variable UNSET is required; set it$/],
    [`${"${UNSET:-".repeat(33)}${"}".repeat(33)}`, /^more than 32 variables stand within each other$/],
    ["${EMPTY:?no ${NESTED}}", /^the variable EMPTY is required: no inner$/],
  ];
  for (const [template, message] of errors)
    it(`fails for ${template}`, () =>
      assert.throws(
        () => interpolate(template, lookup),
        (error) => error instanceof InterpolationError && message.test(error.message),
      ));
});
