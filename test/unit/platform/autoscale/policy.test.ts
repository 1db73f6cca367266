/** Autoscale policies: what is accepted, what is rejected, and how they are returned. */
import assert from "node:assert/strict";
import type { AutoscalePolicy } from "../../../../provider/contract/models";
import { parsePolicy, assertValidPolicySet, encodePolicy } from "../../../../provider/platform/autoscale/policy";
import { ApiItemError } from "../../../../provider/platform/errors";

const step = (facts: Partial<AutoscalePolicy> = {}): AutoscalePolicy => ({
  name: "p",
  type: "step",
  metric: "cpu",
  adjustment_type: "change",
  steps: [{ adjustment: 1, lower_bound: 500 }],
  ...facts,
});
const throughTheWire = (policy: AutoscalePolicy) => encodePolicy(parsePolicy(policy));
const assertRejected = (policy: AutoscalePolicy, code: string, message: RegExp): void => {
  assert.throws(
    () => parsePolicy(policy),
    (error) => error instanceof ApiItemError && error.itemCode === code && message.test(error.message),
  );
};

describe("an autoscale policy", () => {
  it("is returned as it was set, and enabled by default", () => {
    assert.deepEqual(throughTheWire(step()), { ...step(), enabled: true });
    assert.deepEqual(throughTheWire(step({ enabled: false })), { ...step(), enabled: false });
    const idle = { name: "i", type: "idle", idle_time_ms: 500 } as const;
    assert.deepEqual(throughTheWire(idle), { ...idle, enabled: true });
  });

  it("is read in the spelling of older clients and written in one", () => {
    const written = (policy: AutoscalePolicy) => throughTheWire(policy) as Record<string, unknown>;
    assert.equal(written(step({ adjustment_type: "percentage" }))["adjustment_type"], "percentage");
    assert.equal(written(step({ adjustment_type: "absolute" }))["adjustment_type"], "exact");
    assert.equal(written({ name: "d", type: "on_demand" })["type"], "on-demand");
    const { type: _left, ...untyped } = step();
    assert.equal(written(untyped)["type"], "step");
  });

  const steps = (...bounds: [lower: number | undefined, upper: number | undefined][]) =>
    step({
      steps: bounds.map(([lower, upper]) => ({
        adjustment: 1,
        ...(lower === undefined ? {} : { lower_bound: lower }),
        ...(upper === undefined ? {} : { upper_bound: upper }),
      })),
    });

  it("has ordered steps without gap or overlap", () => {
    throughTheWire(steps([undefined, 1], [1, 2], [2, undefined]));
    throughTheWire(steps([undefined, undefined]));
    assertRejected(steps([1, 2], [3, 4]), "Invalid", /'lower_bound' of 'steps\[1\]' must equal the 'upper_bound'/);
    assertRejected(steps([1, 3], [2, 4]), "Invalid", /'lower_bound' of 'steps\[1\]' must equal the 'upper_bound'/);
    assertRejected(steps([2, 3], [1, 2]), "Invalid", /'lower_bound' of 'steps\[1\]' must equal the 'upper_bound'/);
    assertRejected(
      steps([1, undefined], [2, 3]),
      "Invalid",
      /'lower_bound' of 'steps\[1\]' must equal the 'upper_bound'/,
    );
    assertRejected(
      steps([1, 2], [undefined, 3]),
      "Invalid",
      /'lower_bound' of 'steps\[1\]' must equal the 'upper_bound'/,
    );
    assertRejected(steps([2, 2]), "Invalid", /'lower_bound' of 'steps\[0\]' must be below/);
    assertRejected(step({ steps: [] }), "Invalid", /'steps'/);
  });

  it("reports missing members and members of other types", () => {
    const without = (field: keyof AutoscalePolicy): AutoscalePolicy => {
      const { [field]: _left, ...rest } = step();
      return rest as AutoscalePolicy;
    };
    for (const field of ["metric", "adjustment_type", "steps"] as const)
      assertRejected(without(field), "Invalid", new RegExp(`'${field}'`));
    assertRejected({ name: "p" }, "Invalid", /'type'/);
    assertRejected({ name: "p", type: "idle" }, "Invalid", /'idle_time_ms'/);
    assertRejected(step({ idle_time_ms: 5 }), "Invalid", /'idle_time_ms' is not allowed in policies of type 'step'/);
    assertRejected({ name: "p", type: "on-demand", metric: "cpu" }, "Invalid", /'metric'/);
  });

  it("adjusts by whole instances and to no size below 0", () => {
    const adjusting = (adjustment: number, adjustment_type: "change" | "exact" | "percent") =>
      step({ adjustment_type, steps: [{ adjustment }] });
    throughTheWire(adjusting(12.5, "percent"));
    assertRejected(adjusting(1.5, "change"), "Invalid", /whole number/);
    assertRejected(adjusting(-1, "exact"), "Invalid", /must not be negative/);
  });

  it("is rejected by name if only the cloud supports it", () => {
    assertRejected({ name: "p", type: "create", num_requests: 5 }, "NotSupported", /'create'/);
    assertRejected(step({ high_watermark: 0.8 }), "NotSupported", /'high_watermark'/);
    assertRejected({ name: "p", type: "on-demand", exclusive: true }, "NotSupported", /'exclusive'/);
    throughTheWire({ name: "p", type: "on-demand", exclusive: false });
  });

  it("is one of at most eight with distinct names", () => {
    const policies = (count: number) => Array.from({ length: count }, (_, i) => parsePolicy(step({ name: `p${i}` })));
    assertValidPolicySet(policies(8));
    const code = (expected: string) => (error: unknown) => error instanceof ApiItemError && error.itemCode === expected;
    assert.throws(() => assertValidPolicySet(policies(9)), code("TooMany"));
    assert.throws(
      () => assertValidPolicySet([...policies(2), parsePolicy(step({ name: "p1" }))]),
      code("AlreadyExists"),
    );
  });
});
