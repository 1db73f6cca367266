import assert from "node:assert/strict";
import {
  type AttemptFailure,
  MAX_ATTEMPTS,
  MAX_RETRY_DURATION_MS,
  MAX_RETRY_AFTER_MS,
  parseRetryAfter,
  retryDelayMs,
} from "../../../../provider/client/transport/retryPolicy";

const first = { attempts: 1, elapsedMs: 0 };
const status = (code: number, retryAfterMs?: number): AttemptFailure => ({
  kind: "status",
  status: code,
  retryAfterMs,
});
const isRetried = (retry: "idempotent" | "look-first", failure: AttemptFailure): boolean =>
  retryDelayMs(retry, failure, first, 0) !== undefined;

describe("the retry policy", () => {
  const table: [AttemptFailure, string, idempotent: boolean, create: boolean][] = [
    [{ kind: "not-sent" }, "a request that was not sent", true, true],
    [{ kind: "broken" }, "a broken connection", true, false],
    [{ kind: "final" }, "an untrusted certificate", false, false],
    [status(429), "HTTP 429", true, true],
    [status(500), "HTTP 500", false, false],
    [status(502), "HTTP 502", true, false],
    [status(503), "HTTP 503", true, false],
    [status(504), "HTTP 504", true, false],
    [status(401), "HTTP 401", false, false],
    [status(403), "HTTP 403", false, false],
    [status(400), "HTTP 400", false, false],
  ];
  for (const [failure, what, idempotent, create] of table) {
    it(`decides whether to retry a read and a create: ${what}`, () => {
      assert.deepEqual([isRetried("idempotent", failure), isRetried("look-first", failure)], [idempotent, create]);
    });
  }

  it("backs off with jitter in the upper half, up to five seconds", () => {
    const delays = [1, 2, 3, 4, 5].map((attempts) => {
      const state = { attempts, elapsedMs: 0 };
      return [0, 1].map((random) => retryDelayMs("idempotent", { kind: "broken" }, state, random));
    });
    assert.deepEqual(delays, [
      [50, 100],
      [100, 200],
      [200, 400],
      [400, 800],
      [800, 1600],
    ]);
  });

  it("stops after the maximum attempts or time", () => {
    const broken = { kind: "broken" } as const;
    assert.equal(retryDelayMs("idempotent", broken, { attempts: MAX_ATTEMPTS, elapsedMs: 0 }, 0), undefined);
    assert.equal(retryDelayMs("idempotent", broken, { attempts: 2, elapsedMs: MAX_RETRY_DURATION_MS }, 0), undefined);
    const slow = status(503, MAX_RETRY_AFTER_MS);
    assert.equal(
      retryDelayMs("idempotent", slow, { attempts: 2, elapsedMs: MAX_RETRY_DURATION_MS - 1000 }, 0),
      undefined,
    );
  });

  it("waits the Retry-After of the server plus some jitter", () => {
    const [early, late] = [0, 0.99].map((random) => retryDelayMs("look-first", status(429, 7000), first, random) ?? 0);
    assert.ok(early !== undefined && late !== undefined && early >= 7000 && late > early && late < 7200);
  });

  it("does not wait for a Retry-After of more than a minute", () => {
    assert.notEqual(retryDelayMs("idempotent", status(503, MAX_RETRY_AFTER_MS), first, 0), undefined);
    assert.equal(retryDelayMs("idempotent", status(503, MAX_RETRY_AFTER_MS + 1), first, 0), undefined);
  });

  it("parses Retry-After as seconds or as a date", () => {
    assert.equal(parseRetryAfter("3", 0), 3000);
    assert.equal(parseRetryAfter("Thu, 01 Jan 1970 00:00:05 GMT", 2000), 3000);
    assert.equal(parseRetryAfter("Thu, 01 Jan 1970 00:00:05 GMT", 9000), 0);
    assert.equal(parseRetryAfter("soon", 0), undefined);
    assert.equal(parseRetryAfter(undefined, 0), undefined);
  });
});
