import assert from "node:assert/strict";
import { readinessProbe } from "../../../../../provider/contract/models";
import { check } from "../../../../../provider/definition/check";
import { UNKNOWN } from "../../../../../provider/definition/unknowns";
import { service } from "../../../../../provider/resources/service/resource";
import { gateInput } from "../../../../../provider/resources/service/rollout/gateInput";
import { toReadinessProbe } from "../../../../../provider/resources/service/rollout/policy";
import { publishedPort } from "../../../../../provider/resources/service/ports";

const WEB = [{ port: 443, destinationPort: 8080, handlers: ["tls", "http"] }];

/** The failures of a service with this gate, as `property: reason`. */
const reasons = async (
  gate: object,
  rollout: object = {},
  ports: readonly object[] = WEB,
): Promise<readonly string[]> => {
  const template = { image: `gateway@sha256:${"a".repeat(64)}` };
  const { failures } = await check(service, {}, { ports, template, rollout: { ...rollout, gate } });
  return failures.map(({ property, reason }) => `${property.replace("rollout.gate.", "")}: ${reason}`);
};

describe("the rules of a gate", () => {
  it("accept paths that every client reads alike", async () => {
    for (const path of ["/", "/hello", "/a//b?c=/d", "/%C3%BC"]) assert.deepEqual(await reasons({ path }), [], path);
    // "//host" is a host, and "#…" is never sent.
    for (const path of ["", "hello", "//", "//host/x", "/a b", "/a#b", "/a\n", "/ü"])
      assert.match((await reasons({ path }))[0] ?? "", /^path: must begin with one '\/'/, path);
  });

  it("accept every setting at once", async () => {
    const gate = {
      ...{ type: "http", path: "/ready", port: 9000, method: "POST", headers: { "X-Token": "s3cret" } },
      ...{ statuses: [200, 204], match: { "$.status": "pass" }, contains: "ready", pattern: "^\\{" },
      ...{ intervalMs: 500, timeoutMs: 1_000, successThreshold: 3, failureThreshold: 10 },
      ...{ startPeriodMs: 10_000, holdTimeoutMs: 5_000 },
    };
    assert.deepEqual(await reasons(gate), []);
    assert.deepEqual(await reasons({}), []);
    assert.deepEqual(await reasons({ type: "running" }), []);
    assert.deepEqual(await reasons({ port: 9000 }), []);
  });

  it("accept clones only where a candidate stands for new replicas", async () => {
    const gate = { path: "/ready", isolation: "clone" };
    const canary = { strategy: "canary", steps: [{ count: "50%", pauseMs: 1 }] };
    for (const rollout of [{}, { strategy: "rolling" }, { strategy: "recreate" }])
      assert.deepEqual(await reasons(gate, rollout), []);
    assert.ok((await reasons(gate, canary)).every((reason) => !reason.startsWith("isolation")));
    assert.deepEqual(await reasons(gate, { strategy: "inPlace" }), [
      'isolation: "clone" cannot be used with the strategy "inPlace", which changes replicas instead of launching any.',
    ]);
    assert.deepEqual(await reasons(gate, { strategy: "blueGreen" }), [
      'isolation: "clone" cannot be used with the strategy "blueGreen", which gates a complete second set.',
    ]);
  });

  it("ask for the port where none is certain", async () => {
    const needsPort =
      'port: required: no published port has the handler "http", so say which port inside the instance answers the path.';
    const plain = [{ port: 8080 }, { port: 9000 }];
    assert.deepEqual(await reasons({ path: "/x" }, {}, plain), [needsPort]);
    assert.deepEqual(await reasons({ path: "/x" }, {}, [{ port: 53, protocol: "udp" }]), [needsPort]);
    assert.deepEqual(await reasons({ path: "/x", port: 8080 }, {}, plain), []);
    assert.deepEqual(await reasons({ path: "/x" }, {}, [{ port: 8080 }]), [], "the only TCP port");
    assert.deepEqual(await reasons({ path: "/x" }, {}, [{ port: UNKNOWN }, { port: 9000 }]), []);
  });

  const REJECTED: readonly (readonly [what: string, gate: object, expected: string])[] = [
    ["an HTTP gate without a path", { type: "http" }, 'path: required for the type "http", such as path: "/ready".'],
    ["conditions without a path", { contains: "ok" }, "contains: needs an HTTP gate; give its path."],
    [
      "a path of a TCP gate",
      { type: "tcp", path: "/x" },
      'path: needs an HTTP gate; remove it, or set type: "http" and a path.',
    ],
    [
      "times of a gate that asks nothing",
      { type: "running", intervalMs: 100 },
      'intervalMs: has no effect with the type "running", which asks nothing; remove it, or choose another type.',
    ],
    [
      "a body of HEAD",
      { path: "/x", method: "HEAD", contains: "ok" },
      'contains: can never hold with the method "HEAD", whose responses have no body; use "GET".',
    ],
    [
      "a method",
      { path: "/x", method: "get" },
      'method: must be one of "GET", "HEAD", "POST", got "get". Did you mean "GET"?',
    ],
    ["no status", { path: "/x", statuses: [] }, "statuses: must not be empty."],
    ["a status", { path: "/x", statuses: [99] }, "statuses[0]: must be at least 100, got 99."],
    [
      "a start period beyond the time limit",
      { path: "/x", startPeriodMs: 300_001 },
      "startPeriodMs: a replica may need startPeriodMs (300,001) + intervalMs (1,000) × (successThreshold (1) − 1) = 300,001 ms to pass, longer than healthyWithinMs (300,000).",
    ],
    [
      "successes beyond the time limit",
      { startPeriodMs: 60_000, intervalMs: 30_000, successThreshold: 10 },
      "successThreshold: a replica may need startPeriodMs (60,000) + intervalMs (30,000) × (successThreshold (10) − 1) = 330,000 ms to pass, longer than healthyWithinMs (300,000).",
    ],
    [
      "a hold that ends before any replica passes",
      { path: "/x", intervalMs: 2_000, successThreshold: 3, holdTimeoutMs: 3_999 },
      "holdTimeoutMs: is 3,999, shorter than intervalMs (2,000) × (successThreshold (3) − 1) = 4,000 ms, so every connection that wakes a replica would get 503.",
    ],
  ];
  for (const [what, gate, expected] of REJECTED)
    it(`reject ${what}`, async () => assert.deepEqual(await reasons(gate), [expected]));

  it("accept times at the limit, and a hold of 0, which is none", async () => {
    assert.deepEqual(await reasons({ startPeriodMs: 5_000 }, { healthyWithinMs: 5_000 }), []);
    assert.deepEqual(await reasons({ intervalMs: 2_000, successThreshold: 3, holdTimeoutMs: 4_000 }), []);
    assert.deepEqual(await reasons({ intervalMs: 2_000, successThreshold: 3, holdTimeoutMs: 0 }), []);
  });

  it("reject an invalid JSONPath query", async () => {
    for (const query of ["status.x", "$.", "$[", "$.a[?", ""])
      assert.match(
        (await reasons({ path: "/x", match: { [query]: 1 } }))[0] ?? "",
        /^match\[".*"\]: (is not a JSONPath query|must not be empty)/,
        query,
      );
    for (const query of ["$", "$.checks[0].ok", "$..status", "$.checks[?@.ok == false]"])
      assert.deepEqual(await reasons({ path: "/x", match: { [query]: 1 } }), [], query);
  });

  it("reject an invalid regular expression", async () => {
    const [only, ...others] = await reasons({ path: "/x", pattern: "(" });
    assert.match(only ?? "", /^pattern: is not a regular expression: .*, got "\("\.$/);
    assert.deepEqual(others, []);
  });

  it("never quote a header", async () => {
    assert.deepEqual(await reasons({ path: "/x", headers: { "X-Token": "s3cret\n" } }), [
      'headers["X-Token"]: must be the value of a header.',
    ]);
    assert.deepEqual(await reasons({ path: "/x", headers: { "X Token": "s3cret" } }), [
      'headers["X Token"]: is not the name of a header.',
    ]);
    assert.deepEqual(await reasons({ path: "/x", headers: { "Content-Length": "9" } }), [
      'headers["Content-Length"]: is a header that a probe cannot set.',
    ]);
  });

  it("apply while a header is not known yet", async () => {
    assert.deepEqual(
      await reasons({ type: "tcp", path: "/x", headers: { "X-Token": UNKNOWN } }),
      ['path: needs an HTTP gate; remove it, or set type: "http" and a path.'].concat(
        'headers: needs an HTTP gate; remove it, or set type: "http" and a path.',
      ),
    );
  });
});

describe("the readiness probe of a gate", () => {
  const probe = (gate: object, ports: readonly object[] = WEB) => {
    const found = toReadinessProbe(
      gateInput.parse(gate),
      ports.map((port) => publishedPort.parse(port)),
    );
    if (found !== undefined) readinessProbe.parse(found);
    return found;
  };

  it("asks the port that the first HTTP port leads to", () => {
    const redirect = { port: 80, destinationPort: 443, handlers: ["http", "redirect"] };
    assert.deepEqual(probe({ path: "/ready" }, [{ port: 5432 }, redirect, ...WEB]), {
      http: { port: 8080, path: "/ready" },
    });
    assert.deepEqual(probe({ path: "/ready" }, [{ port: 28080, destinationPort: 8080 }]), {
      http: { port: 8080, path: "/ready" },
    });
    assert.deepEqual(probe({ path: "/ready", port: 9000 }), { http: { port: 9000, path: "/ready" } });
  });

  it("asks every port without settings, or one", () => {
    assert.deepEqual(probe({}), {});
    assert.deepEqual(probe({ type: "tcp", intervalMs: 100 }), { interval_ms: 100 });
    assert.deepEqual(probe({ port: 9000 }), { tcp: { port: 9000 } });
  });

  it("asks nothing of a replica that only has to run", () => assert.equal(probe({ type: "running" }), undefined));

  it("has every setting", () => {
    assert.deepEqual(
      probe({
        ...{ path: "/ready", method: "HEAD", headers: { "X-A": "b" }, statuses: [204] },
        ...{ intervalMs: 10, timeoutMs: 20, successThreshold: 2, failureThreshold: 3 },
        ...{ startPeriodMs: 30, holdTimeoutMs: 40 },
      }),
      {
        http: { port: 8080, path: "/ready", method: "HEAD", headers: { "X-A": "b" }, statuses: [204] },
        ...{ interval_ms: 10, timeout_ms: 20, success_threshold: 2, failure_threshold: 3 },
        ...{ start_period_ms: 30, hold_timeout_ms: 40 },
      },
    );
    const body = { match: { "$.status": "pass", "$.n": 1 }, contains: "ready", pattern: "^a" };
    assert.deepEqual(probe({ path: "/", ...body }), { http: { port: 8080, path: "/", ...body } });
  });
});
