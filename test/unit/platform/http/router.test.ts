import { RequestError } from "../../../../provider/platform/errors";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { ITEM_CODES, type ItemCodeName } from "../../../../provider/contract/codes";
import { type Route, type RouteName, routes } from "../../../../provider/contract/routes";

import { routeRequest } from "../../../../provider/platform/http/router";
import { STRICT_2026_DIALECT } from "../../../../provider/platform/http/dialect";

const route = (method: string, target: string, body?: unknown, dialect?: typeof STRICT_2026_DIALECT) =>
  routeRequest({ method, target, body: body === undefined ? undefined : JSON.stringify(body) }, dialect);
const get = (target: string, body?: unknown) => route("GET", target, body);

/** Asserts that the whole request is rejected, by HTTP status and code. */
function assertRejected(work: () => unknown, status: number, code: ItemCodeName, message?: RegExp): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof RequestError, String(error));
    assert.deepEqual([error.status, error.itemCode], [status, code], error.message);
    if (message !== undefined) assert.match(error.message, message);
    return true;
  });
}

describe("the router", () => {
  it("matches a route in every variant, also behind a doubled '/v1' and a whole URL", () => {
    const forms: [method: string, path: string, name: RouteName][] = [
      ["GET", "/v1/instances", "getInstances"],
      ["GET", "/v1/v1/instances", "getInstances"],
      ["GET", "http://127.0.0.1:9/v1/instances", "getInstances"],
      ["GET", "/v1/instances/u", "getInstances"],
      ["GET", "/v1/instances/wait", "waitInstances"],
      ["PUT", "/v1/instances/wait", "waitInstances"],
      ["GET", "/v1/instances/u/wait", "waitInstances"],
      ["PUT", "/v1/instances/u/wait", "waitInstances"],
      ["GET", "/v1/instances/logs", "getInstanceLogs"],
      ["GET", "/v1/instances/u/logs", "getInstanceLogs"],
      ["POST", "/v1/instances/metrics", "getInstanceMetrics"],
      ["GET", "/v1/instances/templates/u", "getTemplates"],
      ["GET", "/v1/instances/checkpoints/history", "getCheckpointHistory"],
      ["GET", "/v1/instances/checkpoints/u/history", "getCheckpointHistory"],
      ["GET", "/v1/services/autoscale", "getAutoscale"],
      ["GET", "/v1/services/u/autoscale", "getAutoscale"],
      ["GET", "/v1/services/u/autoscale/policies", "getPolicies"],
      ["GET", "/v1/services/u/autoscale/policies/cpu", "getPolicy"],
      ["DELETE", "/v1/services/u/autoscale/policies/cpu", "deletePolicy"],
      ["GET", "/v1/images/list", "getImages"],
      ["GET", "/v1/images?tag=a", "getImages"],
      ["GET", "/v1/images?details=true", "getRegistryImages"],
      ["GET", "/v1/images?namespace=a", "getRegistryImages"],
      ["GET", "/v1/users/u/quotas", "getQuotas"],
    ];
    for (const [method, path, name] of forms) assert.equal(route(method, path).name, name, `${method} ${path}`);
    const certificate = { uuid: "u", chain: "c", pkey: "k" };
    for (const method of ["PUT", "PATCH"])
      for (const path of ["/v1/certificates", "/v1/certificates/u"])
        assert.equal(route(method, path, [certificate]).name, "updateCertificates");
  });

  it("prefers a literal path segment over a uuid, even for an unsupported method", () => {
    assert.deepEqual(get("/v1/instances/wait").selectors, []);
    assert.deepEqual(get("/v1/instances/some-uuid").selectors, [{ uuid: "some-uuid" }]);
    for (const path of ["/v1/instances/start", "/v1/volumes/attach", "/v1/services/autoscale", "/v1/instances/history"])
      assertRejected(() => route("PATCH", path, []), 405, "WrongMethod");
    assertRejected(() => route("PUT", "/v1/instances", []), 405, "WrongMethod", /; allowed: POST, GET, PATCH, DELETE$/);
  });

  it("rejects an empty path parameter", () => {
    for (const path of ["/v1/instances/", "/v1/volumes//attach", "//v1/volumes", "/", ""])
      assertRejected(() => get(path), 404, "NoApiEndpoint");
  });

  it("decodes path parameters", () => {
    const policy = get("/v1/services/some-uuid/autoscale/policies/by%20cpu%2Fload");
    assert.deepEqual(policy.path, { uuid: "some-uuid", name: "by cpu/load" });
    assert.deepEqual(get("/v1/instances/%zz").selectors, [{ uuid: "%zz" }]);
  });

  it("merges repeats and comma lists, and uses the last of a single value", () => {
    const { query, selectors } = get("/v1/instances?tags=a&tags=b,c&count=1&count=2&details=false&uuid=u,v&name=n");
    assert.deepEqual(query, { tags: ["a", "b", "c"], count: 2, details: false });
    assert.deepEqual(selectors, [{ uuid: "u" }, { uuid: "v" }, { name: "n" }]);
  });

  it("reads selectors from the body of any read, before path and query", () => {
    const named = [{ name: "n" }, { uuid: "u" }];
    for (const target of ["/v1/volumes", "/v1/volumes?uuid=x", "/v1/volumes/x", "/v1/instances/log?name=x"])
      assert.deepEqual(get(target, named).selectors, named, target);
    assert.deepEqual(get("/v1/volumes", { uuid: "u" }).selectors, [{ uuid: "u" }]);
    for (const nothing of [[], null]) assert.deepEqual(get("/v1/volumes?uuid=x", nothing).selectors, [{ uuid: "x" }]);
    assert.deepEqual(route("PUT", "/v1/instances/wait", named).selectors, named);
    assert.deepEqual(route("POST", "/v1/instances/metrics", named).selectors, named);
  });

  it("matches per-object values by position", () => {
    const wait = get("/v1/instances/wait", [{ uuid: "a" }, { name: "b", state: "stopped", timeout_s: 5 }]);
    assert.deepEqual(wait.query, { state: ["running", "stopped"], timeout_s: [-1, 5] });
    const older = route("PUT", "/v1/instances/wait", [{ uuid: "a", timeout_ms: 100 }, { uuid: "b" }]);
    assert.deepEqual(older.query, { timeout_ms: [100, -1] });
    const mixed = get("/v1/instances/wait", [
      { uuid: "a", timeout_s: 2 },
      { uuid: "b", timeout_ms: 10 },
    ]);
    assert.deepEqual(mixed.query, { timeout_ms: [2000, 10] });
    const log = get("/v1/instances/log", [
      { uuid: "a", offset: 0 },
      { uuid: "b", limit: 10 },
    ]);
    assert.deepEqual(log.query, { offset: [0, -4096], limit: [4096, 10] });
    assert.deepEqual(get("/v1/instances/u/wait").query, {});
    assert.deepEqual(get("/v1/instances/wait?uuid=a,b&state=stopped,running&timeout_s=1&timeout_s=2").query, {
      state: ["stopped", "running"],
      timeout_s: [1, 2],
    });
  });

  it("builds the bulk body from path, query, one object and an array", () => {
    const bodies = (method: string, target: string, body?: unknown) => route(method, target, body).bodies;
    assert.deepEqual(bodies("DELETE", "/v1/volumes/u"), [[{ uuid: "u" }]]);
    assert.deepEqual(bodies("DELETE", "/v1/volumes?uuid=a&name=b,c"), [[{ uuid: "a" }, { name: "b" }, { name: "c" }]]);
    assert.deepEqual(bodies("DELETE", "/v1/volumes", { name: "a" }), [[{ name: "a" }]]);
    assert.deepEqual(bodies("DELETE", "/v1/volumes/u", { uuid: "u" }), [[{ uuid: "u" }]]);
    assertRejected(() => route("DELETE", "/v1/volumes?uuid=x", [{ name: "a" }]), 400, "NotBoth");
    assertRejected(() => route("DELETE", "/v1/volumes/u", { uuid: "v" }), 400, "NotBoth");
    assert.deepEqual(bodies("DELETE", "/v1/instances/u", { timeout_s: -1 }), [[{ uuid: "u", timeout_s: -1 }]]);
    assert.deepEqual(bodies("PUT", "/v1/instances/start?uuid=a,b"), [[{ uuid: "a" }, { uuid: "b" }]]);
    assert.deepEqual(bodies("PUT", "/v1/instances/u/stop?force=true&drain_timeout_ms=5"), [
      [{ uuid: "u", force: true, drain_timeout_ms: 5 }],
    ]);
    const triple = { prop: "size_mb", op: "set", value: 16 };
    assert.deepEqual(bodies("PATCH", "/v1/volumes/u", triple), [[{ uuid: "u", ...triple }]]);
    const both = [triple, { prop: "tags", op: "del" }];
    assert.deepEqual(bodies("PATCH", "/v1/volumes/u", both), [both.map((one) => ({ uuid: "u", ...one }))]);
    assert.deepEqual(bodies("POST", "/v1/services/u/autoscale", { max_size: 2 }), [[{ uuid: "u", max_size: 2 }]]);
  });

  it("splits an array for a single-object operation into one call per entry", () => {
    const two = [{ image: "a" }, { image: "b" }];
    assert.deepEqual(route("POST", "/v1/instances", two).bodies, two);
    assert.deepEqual(route("POST", "/v1/instances", two.slice(0, 1)).bodies, two.slice(0, 1));
    assert.deepEqual(route("DELETE", "/v1/services/u/autoscale/policies?name=a,b").bodies, [
      { name: "a" },
      { name: "b" },
    ]);
    assertRejected(() => route("POST", "/v1/instances", []), 400, "MalformedRequest");
    assertRejected(() => route("POST", "/v1/instances", [{ image: "a" }, { imag: "b" }]), 400, "Unknown");
  });

  it("rejects body entries without a selector or with two, with one code for every method", () => {
    for (const [method, target] of [
      ["GET", "/v1/volumes"],
      ["DELETE", "/v1/volumes"],
      ["PUT", "/v1/instances/start"],
    ] as const) {
      assertRejected(() => route(method, target, [{ uuid: "a", name: "b" }]), 400, "NotBoth");
      assertRejected(() => route(method, target, [{ uuid: "a" }, {}]), 400, "MissingId");
      assertRejected(() => route(method, target, ["a"]), 400, "MalformedRequest");
      assertRejected(() => route(method, target, [[{ uuid: "a" }]]), 400, "MalformedRequest");
      assertRejected(() => route(method, target, "a"), 400, "MalformedRequest");
      assertRejected(() => route(method, target, [{ uuid: "" }]), 400, "Invalid");
      assertRejected(() => route(method, `${target}?uuid=`), 400, "Invalid");
      assertRejected(() => route(method, `${target}?uuid=a,,b`), 400, "Invalid");
      assertRejected(() => route(method, `${target}?color=red&uuid=a`), 400, "Unknown", /^Unknown member 'color'$/);
      for (const member of ["color", "toString", "constructor"]) {
        const message = new RegExp(`^Unknown member '${member}'$`);
        assertRejected(() => route(method, target, [{ uuid: "a", [member]: "red" }]), 400, "Unknown", message);
      }
    }
    assertRejected(() => get("/v1/healthz", [{ uuid: "a" }]), 400, "MalformedRequest");
    assertRejected(() => get("/v1/healthz?uuid=a"), 400, "Unknown");
    assertRejected(() => route("DELETE", "/v1/volumes", []), 400, "Invalid");
  });

  it("rejects more than 1000 objects in any notation and accepts 1000", () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `n${index}` }));
    const query = (count: number) => many(count).map(({ name }) => name).join(","); // prettier-ignore
    assert.equal(get("/v1/volumes", many(1000)).selectors.length, 1000);
    for (const work of [
      () => get("/v1/volumes", many(1001)),
      () => get(`/v1/volumes?name=${query(1001)}`),
      () => route("DELETE", "/v1/volumes", many(1001)),
      () => route("DELETE", `/v1/volumes?name=${query(1001)}`),
      () =>
        route(
          "POST",
          "/v1/instances",
          Array.from({ length: 1001 }, () => ({ image: "a" })),
        ),
      () =>
        route(
          "PUT",
          `/v1/instances/stop?name=${query(40)}`,
          Array.from({ length: 40 }, () => ({})),
        ),
    ])
      assertRejected(work, 400, "TooMany");
  });

  it("explains a value of several shapes by the intended one", () => {
    const create = (body: object, message: RegExp, code: ItemCodeName) =>
      assertRejected(() => route("POST", "/v1/instances", body), 400, code, message);
    create({ image: 5 }, /^'image' in instance creation arguments has type 'integer', but expected 'string' or 'object'$/, "MalformedRequest"); // prettier-ignore
    create({ image: {} }, /^'image\.url' is missing in instance creation arguments; expected 'string'$/, "MalformedRequest"); // prettier-ignore
    create({ image: { url: "a", pul: 1 } }, /^Unknown member 'pul' in 'image'$/, "Unknown");
    create({ image: { url: "a", pull_policy: "x" } }, /^'image\.pull_policy' must be one of 'always'/, "Invalid");
    create({ template: {} }, /^Either 'uuid' or 'name' must be given in 'template'$/, "MissingId");
    create({ template: { uuid: "a", prepar: true } }, /^Unknown member 'prepar' in 'template'$/, "Unknown");
    create({ template: "a" }, /^'template' in instance creation arguments has type 'string', but expected 'object'$/, "MalformedRequest"); // prettier-ignore
    create({ annotations: { a: "x\u0007" } }, /^'annotations\.a' contains characters that are not allowed/, "Invalid");
    create({ annotations: { "-": "x" } }, /^The name 'annotations\.-' contains characters/, "Invalid");
    const many = Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`a${index}`, ""]));
    create({ annotations: many }, /^'annotations' has more than 256 entries$/, "Invalid");
    create({ name: "x".repeat(256) }, /^'name' must have at most 255 character\(s\)$/, "TooLong");
    const policy = (body: object, message: RegExp, code: ItemCodeName) =>
      assertRejected(() => route("POST", "/v1/services/u/autoscale/policies", body), 400, code, message);
    policy({ name: "a", type: "step", metric: "x" }, /^'metric' must be one of 'cpu'/, "Invalid");
    policy({ name: "a", type: { name: "a", metric: "x" } }, /^'type\.metric' must be one of 'cpu'/, "Invalid");
    policy({}, /^'name' is missing/, "MalformedRequest");
  });

  it("never quotes a long text or a body that is not JSON", () => {
    assert.throws(
      () => routeRequest({ method: "POST", target: "/v1/volumes", body: '{"pkey": hunter2-secret}' }),
      (error: Error) => !error.message.includes("hunter2"),
    );
    const long = "x".repeat(100_000);
    assert.throws(() => route("POST", "/v1/volumes", { [long]: 1 }), (error: Error) => error.message.length < 200); // prettier-ignore
    assert.throws(
      () => route("POST", `/v1/${long}`),
      (error: Error) => error.message.length < 200,
    );
  });

  it("rejects a body that is nested too deeply", () => {
    const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
    for (const depth of [40, 100_000, 4_000_000])
      assertRejected(
        () => routeRequest({ method: "POST", target: "/v1/instances", body: nested(depth) }),
        400,
        "MalformedRequest",
      );
  });

  it("reads the older image listing and writes its items", () => {
    const listing = get("/v1/images/list?namespace=acme&tagged=true", [
      { digest: "acme/app@sha256:1" },
      { tag: "b:1" },
    ]);
    assert.deepEqual(listing.query, { digest: ["acme/app@sha256:1"], tag: ["b:1"] });
    const image = { status: "success", size_in_bytes: 5, initrd_or_rom: true, args: ["-c", "x"] };
    const items = [
      { ...image, url: "oci://local/acme/app@sha256:1", tags: ["acme/app:1"] },
      { ...image, url: "oci://local/acme/app@sha256:2", tags: [] },
      { ...image, url: "oci://local/other/app@sha256:3", tags: ["other/app:1"] },
    ];
    assert.deepEqual(listing.encodeItems?.(items), [
      {
        status: "success",
        digest: "acme/app@sha256:1",
        tags: ["acme/app:1"],
        initrd: true,
        size_in_bytes: 5,
        args: "-c x",
      },
    ]);
    assertRejected(() => get("/v1/images/list?tagged=perhaps"), 400, "Invalid");
    assertRejected(() => get("/v1/images/list?color=red"), 400, "Unknown");
  });

  it("rejects what older nodes do not know, with their messages, in strict mode", () => {
    const strict = (method: string, target: string, body: unknown) => route(method, target, body, STRICT_2026_DIALECT);
    assertRejected(
      () => strict("POST", "/v1/instances", { image: { url: "a" } }),
      400,
      "MalformedRequest",
      /^'image' in instance creation arguments has type 'object', but expected 'string'$/,
    );
    for (const member of ["timeout_s", "dont_retain"]) {
      const message = new RegExp(`^Unknown member '${member}'$`);
      assertRejected(() => strict("DELETE", "/v1/instances", [{ uuid: "u", [member]: 1 }]), 400, "Unknown", message);
      assertRejected(() => strict("DELETE", "/v1/instances/u", { [member]: 1 }), 400, "Unknown", message);
    }
    assertRejected(() => strict("PUT", "/v1/certificates", [{ uuid: "u", chain: "c", pkey: "k" }]), 405, "WrongMethod");
    assert.equal(strict("PATCH", "/v1/certificates/u", { chain: "c", pkey: "k" }).name, "updateCertificates");
    assert.deepEqual(strict("POST", "/v1/instances", { image: "a" }).bodies, [{ image: "a" }]);
    assert.equal(strict("GET", "/v1/instances", undefined).encodeItems, undefined);
    assert.deepEqual(STRICT_2026_DIALECT.encodeItem?.({ uuid: "u", updates: [] }), { uuid: "u" });
  });

  it("resolves any target and body to a route or an error response, never an exception", () => {
    const all: readonly Route[] = Object.values(routes);
    const paths = all.flatMap(({ path, singleObjectPath: one, olderEndpoints: older = [] }) => [
      path,
      one ?? path,
      ...older.map((way) => way.path),
    ]);
    const target = fc.oneof(
      fc.webPath(),
      fc.string(),
      fc.constantFrom(...paths),
      fc.tuple(fc.constantFrom(...paths), fc.webQueryParameters()).map(([path, query]) => `${path}?uuid=a&${query}`),
    );
    const text = fc.option(fc.oneof(fc.json(), fc.string()), { nil: undefined });
    const dialect = fc.constantFrom(undefined, STRICT_2026_DIALECT);
    const method = fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE");
    fc.assert(
      fc.property(method, target, text, dialect, (way, at, body, kind) => {
        try {
          assert.ok(Object.hasOwn(routes, routeRequest({ method: way, target: at, body }, kind).name));
        } catch (error) {
          assert.ok(error instanceof RequestError, String(error));
          assert.ok([400, 404, 405].includes(error.status));
          assert.ok(Object.hasOwn(ITEM_CODES, error.itemCode));
        }
      }),
      { numRuns: 3000 },
    );
  });
});
