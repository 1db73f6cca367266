import * as assert from "node:assert/strict";
import { readinessProbe } from "../../../provider/contract/models";
import { readinessProblem } from "../../../provider/contract/readiness/evaluate";
import { afterAttempt, notProbed, probeSettings } from "../../../provider/contract/readiness/progress";
import { jsonPathProblem } from "../../../provider/contract/readiness/syntax";

const json = (value: unknown, status = 200) => ({ status, body: JSON.stringify(value) });

describe("the response to a readiness probe", () => {
  const path = "/hello";

  it("passes with any status from 200 to 399, unless statuses are listed", () => {
    const accepted = [199, 200, 204, 302, 399, 400, 404, 503].filter(
      (status) => readinessProblem({ status, body: "" }, { path }) === undefined,
    );
    assert.deepEqual(accepted, [200, 204, 302, 399]);
    assert.equal(readinessProblem({ status: 401, body: "" }, { path, statuses: [401] }), undefined);
    assert.equal(readinessProblem({ status: 200, body: "" }, { path, statuses: [401] }), "/hello returned HTTP 200");
    assert.equal(readinessProblem(undefined, { path }), "/hello did not respond");
  });

  it("must have the values of every JSONPath query", () => {
    const match = { "$.status": "pass", "$.details['redis:6379'].ok": true, "$.load": 0, "$.error": null };
    const good = { status: "pass", details: { "redis:6379": { ok: true } }, load: 0, error: null };
    assert.equal(readinessProblem(json(good), { path, match }), undefined);
    assert.match(readinessProblem(json({ ...good, status: "fail" }), { path, match }) ?? "", /"pass" at \$\.status$/);
    assert.match(readinessProblem(json({ ...good, load: "0" }), { path, match }) ?? "", /0 at \$\.load$/);
    assert.match(readinessProblem(json({ status: "pass" }), { path, match }) ?? "", /true at \$\.details/);
  });

  it("needs the value wherever a query with a wildcard or filter finds something, and at least once", () => {
    const match = { "$.checks[?@.name != 'cache'].ok": true };
    const checks = (...given: readonly (readonly [string, boolean])[]) =>
      json({ checks: given.map(([name, ok]) => ({ name, ok })) });
    assert.equal(readinessProblem(checks(["a", true], ["b", true], ["cache", false]), { path, match }), undefined);
    assert.notEqual(readinessProblem(checks(["a", true], ["b", false]), { path, match }), undefined);
    assert.notEqual(readinessProblem(checks(["cache", true]), { path, match }), undefined);
  });

  it("must contain the text and match the regular expression", () => {
    const response = { status: 200, body: "état: prêt 17/17" };
    assert.equal(readinessProblem(response, { path, contains: "prêt", pattern: "(\\d+)/\\1" }), undefined);
    assert.match(readinessProblem(response, { path, contains: "ready" }) ?? "", /text "ready"/);
    assert.match(readinessProblem(response, { path, pattern: "^prêt" }) ?? "", /matches/);
  });

  it("is never quoted, whatever it is", () => {
    const conditions = { path, match: { "$.status": "pass" } };
    for (const body of ['{"status":"s3cret"}', "s3cret", '"s3cret"', "[s3cret", ""])
      assert.doesNotMatch(readinessProblem({ status: 200, body }, conditions) ?? "passed", /s3cret|passed/);
    assert.match(readinessProblem({ status: 200, body: undefined }, conditions) ?? "", /more than 1048576 bytes/);
    assert.equal(readinessProblem({ status: 200, body: undefined }, { path }), undefined);
  });

  it("cannot block the process with a regular expression or query that backtracks", () => {
    const text = `${"a".repeat(50)}!`;
    for (const [conditions, body] of [
      [{ path, pattern: "^(a+)+$" }, text],
      [{ path, match: { "$[?match(@, '(a+)+')]": "a" } }, JSON.stringify([text])],
    ] as const) {
      const begin = performance.now();
      const problem = readinessProblem({ status: 200, body }, conditions);
      assert.equal(problem, "checking the response of /hello took longer than 100 ms");
      assert.ok(performance.now() - begin < 2_000);
    }
  });
});

describe("a JSONPath query", () => {
  it("is valid as RFC 9535 says", () => {
    for (const valid of ["$", "$.a[0]", "$..a", "$['a b']", "$.a[-1]", "$.a[?@.b == 1 && length(@.c) > 2]", "$.ünï"])
      assert.equal(jsonPathProblem(valid), undefined, valid);
    for (const invalid of ["", "a", ".a", "$.", "$[", "$.a b", "$.a[01]", "$[?f(@)]", "$.a[(1)]", "$[?@.* == 1]"])
      assert.match(jsonPathProblem(invalid) ?? "valid", /^is not a JSONPath query: /, invalid);
  });
});

describe("a readiness probe", () => {
  const http = { port: 8080, path: "/hello" };
  const messageOf = (probe: unknown) => readinessProbe.safeParse(probe).error?.issues[0]?.message;

  it("is checked where its texts are invalid, without a header's value", () => {
    assert.equal(
      messageOf({ http: { ...http, match: { "$.a": 1 }, pattern: "a+", headers: { Host: "a" } } }),
      undefined,
    );
    assert.match(messageOf({ http: { ...http, path: "hello" } }) ?? "", /must start with '\/'/);
    assert.match(messageOf({ http: { ...http, path: "/a b" } }) ?? "", /no spaces/);
    assert.match(messageOf({ http: { ...http, pattern: "(" } }) ?? "", /not a regular expression/);
    assert.match(messageOf({ http: { ...http, match: { "$.": 1 } } }) ?? "", /not a JSONPath query/);
    assert.match(messageOf({ http: { ...http, headers: { "a b": "1" } } }) ?? "", /not the name of a header/);
    assert.match(messageOf({ http: { ...http, headers: { "Content-Length": "1" } } }) ?? "", /cannot set/);
    const secret = messageOf({ http: { ...http, headers: { a: "s3cret\n" } } }) ?? "";
    assert.match(secret, /characters that a header cannot have/);
    assert.doesNotMatch(secret, /s3cret/);
  });

  it("has one kind, and no body to check for HEAD", () => {
    assert.match(messageOf({ http, tcp: { port: 1 } }) ?? "", /both/);
    assert.match(messageOf({ http: { ...http, method: "HEAD", contains: "a" } }) ?? "", /HEAD/);
  });
});

describe("the attempts of a probe", () => {
  const settings = { ...probeSettings({}), successThreshold: 2, failureThreshold: 2, startPeriodMs: 1_000 };
  const run = (attempts: readonly (readonly [number, string?])[]) =>
    attempts.reduce((before, [elapsedMs, problem]) => afterAttempt(before, problem, elapsedMs, settings), notProbed());

  it("pass with successes in a row", () => {
    assert.equal(run([[0], [1, "no"], [2]]).state, "waiting");
    assert.deepEqual(run([[0], [1, "no"], [2], [3]]), {
      state: "passed",
      attempts: 4,
      successes: 2,
      failures: 0,
      reason: undefined,
    });
  });

  it("fail with failures in a row after the start period, and can pass later", () => {
    assert.equal(
      run([
        [0, "no"],
        [500, "no"],
        [999, "no"],
        [1_000, "no"],
      ]).state,
      "waiting",
    );
    assert.equal(run([[1_000, "no"], [1_001], [1_002, "no"]]).state, "waiting");
    const failed = run([
      [1_000, "no"],
      [1_001, "still no"],
    ]);
    assert.deepEqual([failed.state, failed.reason], ["failed", "still no"]);
    assert.equal(run([[1_000, "no"], [1_001, "no"], [1_002], [1_003]]).state, "passed");
  });

  it("never fail with the default threshold", () => {
    const forever = Array.from({ length: 500 }, () => "no");
    const end = forever.reduce((before, no) => afterAttempt(before, no, 1e6, probeSettings({})), notProbed());
    assert.deepEqual([end.state, end.attempts], ["waiting", 500]);
  });
});
