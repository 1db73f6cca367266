import assert from "node:assert/strict";
import { isRewritten } from "../../../../provider/compose/text/plainScalar";

describe("compose: values without quotes", () => {
  // Each text, and what compose-go v2.16.2 makes of it in `environment`.
  const rewritten: readonly (readonly [string, string])[] = [
    ["0755", "493"],
    ["0o17", "15"],
    ["0x1F", "31"],
    ["0b11", "3"],
    ["1_000", "1000"],
    ["+1", "1"],
    ["08", "8"],
    ["1.50", "1.5"],
    ["1.0", "1"],
    ["1.", "1"],
    [".5", "0.5"],
    ["1e3", "1000"],
    ["0.00001", "1e-05"],
    ["100000000.0", "1e+08"],
    ["12345678.5", "1.23456785e+07"],
    ["True", "true"],
    ["2024-01-01", "2024-01-01 00:00:00 +0000 UTC"],
  ];
  for (const [text, theirs] of rewritten)
    it(`'${text}' becomes '${theirs}'`, () => assert.equal(isRewritten(text), true));

  const same = "0 1 -1 8080 1234567890123456789 3.14159 0.1 -0.5 0.0001 100000.5 true false yes on 1:30 1.2.3 10.0.0.1 x 0x 1a -".split(" "); // prettier-ignore
  for (const text of same) it(`'${text}' stays`, () => assert.equal(isRewritten(text), false));
});
