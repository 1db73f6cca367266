import assert from "node:assert/strict";
import { parseWrk } from "../../bench/wrk";

const REPORT = `Running 1s test @ http://127.0.0.1:8080/
  1 threads and 16 connections
  Latency Distribution
     50%  412.00us
     75%    1.20ms
     90%    2.50ms
     99%    1.05s
  9000 requests in 1.00s, 1.20MB read
`;

describe("a report of wrk", () => {
  it("has a number and a rate of requests, percentiles in milliseconds, and failures", () => {
    const failed = "  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 5\n";
    assert.deepEqual(parseWrk(`${REPORT}${failed}Requests/sec:   8991.50\n`), {
      ...{ requests: 9000, requestsPerSecond: 8991.5, p50Ms: 0.412, p99Ms: 1050, failures: 15 },
    });
    assert.equal(parseWrk(`${REPORT}Requests/sec:   8991.50\n`).failures, 0);
  });

  it("without a rate is an error", () => {
    assert.throws(() => parseWrk("unable to connect"), /no rate/);
  });
});
