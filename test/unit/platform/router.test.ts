import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type RouteName, routes } from "../../../provider/api/routes";
import { HttpRefusal } from "../../../provider/platform/http/reply";
import { route } from "../../../provider/platform/http/router";

const get = (target: string, body?: unknown) =>
  route({ method: "GET", target, body: body === undefined ? undefined : JSON.stringify(body) });

describe("the router", () => {
  it("knows every route of the table", () => {
    for (const name of Object.keys(routes) as RouteName[]) {
      const { method, path } = routes[name];
      try {
        assert.equal(route({ method, target: path, body: undefined }).name, name);
      } catch (error) {
        assert.ok(error instanceof HttpRefusal && error.status === 400, `${name} was found and only misses its body`);
      }
    }
  });

  it("prefers a static path to a uuid in its place", () => {
    assert.equal(get("/v1/instances/wait").name, "waitInstances");
    assert.equal(get("/v1/instances/log").name, "getInstanceLogs");
    const byPath = get("/v1/instances/some-uuid");
    assert.deepEqual([byPath.name, byPath.selectors], ["getInstances", [{ uuid: "some-uuid" }]]);
  });

  it("merges repeats and comma lists of lists, and takes the last of what is single", () => {
    const { query, selectors } = get("/v1/instances?tags=a&tags=b,c&count=1&count=2&details=false&uuid=u,v&name=n");
    assert.deepEqual(query, { tags: ["a", "b", "c"], count: 2, details: false, uuid: ["u", "v"], name: ["n"] });
    assert.deepEqual(selectors, [{ uuid: "u" }, { uuid: "v" }, { name: "n" }]);
  });

  it("reads a body array of a GET as selectors, and its other members by position", () => {
    const { query, selectors } = get("/v1/instances/wait", [
      { uuid: "a" },
      { name: "b", state: "stopped", timeout_s: 5 },
    ]);
    assert.deepEqual(selectors, [{ uuid: "a" }, { name: "b" }]);
    assert.deepEqual(query, { state: ["running", "stopped"], timeout_s: [-1, 5] });
  });

  it("refuses a body array whose entries name nothing or too much", () => {
    for (const entry of [{}, { uuid: "a", name: "b" }, "a", null])
      assert.throws(() => get("/v1/volumes", [entry]), HttpRefusal);
    assert.throws(() => get("/v1/volumes", { uuid: "a" }), HttpRefusal);
  });

  it("answers any target and body with a route or a refusal, never with a fault", () => {
    const target = fc.oneof(
      fc.webPath(),
      fc.string(),
      fc.constantFrom(...Object.values(routes).map(({ path }) => path)),
    );
    const text = fc.option(fc.oneof(fc.json(), fc.string()), { nil: undefined });
    fc.assert(
      fc.property(fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE"), target, text, (method, path, body) => {
        try {
          assert.ok(Object.hasOwn(routes, route({ method, target: path, body }).name));
        } catch (error) {
          assert.ok(error instanceof HttpRefusal, String(error));
          assert.ok([400, 404, 405].includes(error.status));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
