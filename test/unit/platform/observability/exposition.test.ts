import assert from "node:assert/strict";
import { chooseFormat, formatMetrics, type MetricFamily } from "../../../../provider/platform/observability/exposition";
import { DurationHistogram } from "../../../../provider/platform/observability/histogram";

const times = new DurationHistogram();
for (const ms of [3, 40, 40, 700, 60_000]) times.record(ms);

const families: readonly MetricFamily[] = [
  { name: "a_bytes", type: "gauge", help: "A gauge.", samples: [[{ name: 'q"\\\n' }, 1.5]] },
  { name: "b_requests", type: "counter", help: "A counter.", samples: [[{}, 7]] },
  { name: "c_seconds", type: "histogram", help: "A histogram.", counts: times.counts },
];

describe("metrics as text", () => {
  it("name counters and end as each format asks", () => {
    const prometheus = formatMetrics(families, "prometheus").split("\n");
    const openMetrics = formatMetrics(families, "openmetrics").split("\n");
    assert.deepEqual(prometheus.slice(0, 6), [
      "# HELP a_bytes A gauge.",
      "# TYPE a_bytes gauge",
      'a_bytes{name="q\\"\\\\\\n"} 1.5',
      "# HELP b_requests_total A counter.",
      "# TYPE b_requests_total counter",
      "b_requests_total 7",
    ]);
    assert.deepEqual(openMetrics.slice(3, 6), [
      "# HELP b_requests A counter.",
      "# TYPE b_requests counter",
      "b_requests_total 7",
    ]);
    assert.deepEqual([prometheus.at(-1), openMetrics.slice(-2)], ["", ["# EOF", ""]]);
  });

  it("have cumulative buckets in seconds", () => {
    const text = formatMetrics(families, "openmetrics");
    for (const sample of ['le="0.005"} 1', 'le="0.05"} 3', 'le="1.0"} 4', 'le="30.0"} 4', 'le="+Inf"} 5'])
      assert.ok(text.includes(`c_seconds_bucket{${sample}\n`), sample);
    assert.match(text, /c_seconds_sum 60\.783\nc_seconds_count 5\n/);
  });

  it("are in the format that the client asks for", () => {
    const scrape = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
    assert.deepEqual([scrape, "*/*", ""].map(chooseFormat), ["openmetrics", "prometheus", "prometheus"]);
  });
});
