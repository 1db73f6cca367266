import assert from "node:assert/strict";
import * as z from "zod";
import { diff } from "../../../provider/definition/diff";
import { formatPath, parsePath } from "../../../provider/definition/propertyPath";
import { field } from "../../../provider/definition/resource";
import { UNKNOWN } from "../../../provider/definition/unknowns";

const inputs = z.object({
  env: field(z.record(z.string(), z.string()).optional(), { description: "" }),
  tags: field(z.array(z.string()).optional(), { description: "", unordered: true }),
  ports: field(z.array(z.object({ port: z.int(), name: z.string().optional() })).optional(), { description: "" }),
  size: field(z.int().optional(), { description: "", onChange: "restart" }),
  adopt: field(z.boolean().optional(), { description: "", onChange: "ignore" }),
});

const replaced = (patterns: readonly string[], olds: object, news: object) =>
  diff(
    { inputs },
    { ...olds },
    { ...news },
    patterns.map((text) => parsePath(text) ?? assert.fail(text)),
  ).map(
    ({ property, replace, mayReplace, restart }) =>
      `${property}: ${replace ? "replace" : mayReplace ? "may replace" : restart ? "restart" : "update"}`,
  );

describe("a property path", () => {
  for (const [text, parts] of [
    ["env", ["env"]],
    ["env.A", ["env", "A"]],
    ['env["A.B"]', ["env", "A.B"]],
    ['["env"]["say \\"hi\\""]', ["env", 'say "hi"']],
    ["ports[0].port", ["ports", 0, "port"]],
    ["ports[*].port", ["ports", "*", "port"]],
    ["*", ["*"]],
  ] as const) {
    it(`${text} is read`, () => assert.deepEqual(parsePath(text), parts));
  }
  it("is read as it is written", () => {
    for (const parts of [["env", "A.B", 3, "port"], ["a b"]]) assert.deepEqual(parsePath(formatPath(parts)), parts);
  });
  for (const text of ["", ".env", "env[", 'env["A', "env[x]", "env..A", "env."])
    it(`"${text}" is none`, () => assert.equal(parsePath(text), undefined));
});

describe("replaceOnChanges", () => {
  const ports = (...numbers: readonly number[]) => ({ ports: numbers.map((port) => ({ port })) });
  for (const [what, patterns, olds, news, expected] of [
    ["a property", ["env"], { env: { A: "1" } }, { env: { A: "2" } }, ["env: replace"]],
    ["a key", ["env.A"], { env: { A: "1" } }, { env: { A: "2" } }, ["env: replace"]],
    ["another key", ["env.B"], { env: { A: "1", B: "1" } }, { env: { A: "2", B: "1" } }, ["env: update"]],
    ["a key that appears", ["env.A"], {}, { env: { A: "2" } }, ["env: replace"]],
    ["a key that disappears", ["env.A"], { env: { A: "1" } }, { env: {} }, ["env: replace"]],
    ["any key", ["env.*"], { env: { A: "1" } }, { env: { A: "2" } }, ["env: replace"]],
    ["an index", ["ports[1]"], ports(1, 2), ports(1, 3), ["ports: replace"]],
    ["another index", ["ports[0]"], ports(1, 2), ports(1, 3), ["ports: update"]],
    ["a member of every item", ["ports[*].port"], ports(1, 2), ports(1, 3), ["ports: replace"]],
    ["another member", ["ports[*].name"], ports(1, 2), ports(1, 3), ["ports: update"]],
    ["a deeper path than the change", ["size.x"], { size: 1 }, { size: 2 }, ["size: restart"]],
    ["everything", ["*"], { size: 1, env: { A: "1" } }, { size: 2, env: { A: "1" } }, ["size: replace"]],
    ["everything, of what counts at creation only", ["*"], { adopt: false }, { adopt: true }, []],
    ["what counts at creation only, by name", ["adopt"], { adopt: false }, { adopt: true }, ["adopt: replace"]],
    ["a list in another order", ["tags"], { tags: ["a", "b"] }, { tags: ["b", "a"] }, []],
    ["a value not known yet", ["env"], { env: { A: "1" } }, { env: { A: UNKNOWN } }, ["env: may replace"]],
    ["a key of a map not known yet", ["env.A"], { env: { A: "1" } }, { env: UNKNOWN }, ["env: may replace"]],
    ["another value", ["env.B"], { env: { A: "1" } }, { env: { A: UNKNOWN } }, ["env: update"]],
    ["nothing", [], { size: 1 }, { size: 2 }, ["size: restart"]],
  ] as const)
    it(`${JSON.stringify(patterns)}, ${what}: ${expected.join(", ") || "no change"}`, () => {
      assert.deepEqual(replaced(patterns, olds, news), expected);
    });
});
