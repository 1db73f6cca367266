import assert from "node:assert/strict";
import { check } from "../../../../../provider/definition/check";
import { UNKNOWN } from "../../../../../provider/definition/unknowns";
import { service } from "../../../../../provider/resources/service/resource";

const TEMPLATE = { image: `gateway@sha256:${"a".repeat(64)}` };
const PORTS = [
  { port: 443, destinationPort: 8080, handlers: ["tls", "http"] },
  { port: 6379, destinationPort: 6379 },
];

const reasons = async (inputs: object): Promise<readonly string[]> => {
  const { failures } = await check(service, {}, { ports: PORTS, template: TEMPLATE, ...inputs });
  return failures.map(({ property, reason }) => `${property}: ${reason}`);
};
const reload = (more: object) => ({ reloadOn: ["a"], reload: { path: "/tyk/reload", ...more } });

describe("the rules of a reload", () => {
  it("accept any values, and every setting", async () => {
    assert.deepEqual(await reasons({ reloadOn: [1, "a", null, { b: [true] }, UNKNOWN] }), []);
    assert.deepEqual(await reasons({ reloadOn: UNKNOWN, reload: { path: "/x" } }), []);
    const expect = { statuses: [200], match: { "$.status": "ok" }, contains: "ok", pattern: "^\\{" };
    const headers = { "X-Tyk-Authorization": "s3cret" };
    for (const scope of ["member", "group"])
      assert.deepEqual(await reasons(reload({ port: 8080, method: "POST", headers, expect, scope })), []);
  });

  const REJECTED: readonly (readonly [what: string, inputs: object, expected: RegExp])[] = [
    ["a reload that nothing triggers", { reload: { path: "/x" } }, /^reload: has no effect without reloadOn/],
    [
      "a service without replicas",
      { reloadOn: ["a"], template: undefined, replicas: 0 },
      /^reloadOn: applies to the replicas of a template, and this service has none/,
    ],
    ["no value", { reloadOn: [] }, /^reloadOn: /],
    [
      "a number that is none",
      { reloadOn: ["a", { b: [1, NaN] }] },
      /^reloadOn\[1\]\.b\[1\]: must not be NaN or infinite/,
    ],
    ["an infinite number", { reloadOn: [-Infinity] }, /^reloadOn\[0\]: must not be NaN or infinite/],
    ["a path without a slash", reload({ path: "tyk/reload" }), /^reload\.path: must begin with one '\/'/],
    ["no path", { reloadOn: ["a"], reload: {} }, /^reload\.path: /],
    ["a JSONPath query that is none", reload({ expect: { match: { "$[": 1 } } }), /is not a JSONPath query/],
    ["a regular expression that is none", reload({ expect: { pattern: "(" } }), /is not a regular expression/],
    ["a header that a request cannot set", reload({ headers: { connection: "x" } }), /is a header that a probe cannot/],
    ["a method without effects", reload({ method: "HEAD" }), /^reload\.method: /],
    [
      "a port that no client reaches, for one request through the service",
      reload({ port: 9000, scope: "group" }),
      /^reload\.port: no port of the service leads to 9000, and the scope "group" sends its request through/,
    ],
    [
      "no certain port",
      { ...reload({}), ports: [{ port: 1 }, { port: 2 }] },
      /^reload\.port: required: no published port has the handler "http"/,
    ],
    [
      "too many tags",
      { reloadOn: ["a"], template: { ...TEMPLATE, tags: Array.from({ length: 13 }, (_, index) => `t${index}`) } },
      /^template\.tags: has 13 tags, and with reloadOn a replica can have 12/,
    ],
  ];
  for (const [what, inputs, expected] of REJECTED)
    it(`reject ${what}`, async () => {
      const found = await reasons(inputs);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", expected);
    });

  it("let a replica alone be asked at any port", async () => {
    assert.deepEqual(await reasons(reload({ port: 9000 })), []);
  });
});
