import assert from "node:assert/strict";
import { serviceInputs } from "../../../../provider/resources/service/inputs";
import { rolloutTimeoutMs } from "../../../../provider/resources/service/reconcile";

describe("the time limit of an update of a Service", () => {
  const limitOf = (rollout: object) => {
    const template = { image: "web:1" };
    const inputs = serviceInputs.parse({ name: "web", ports: [{ port: 80 }], replicas: 4, template, rollout });
    return rolloutTimeoutMs(20_000, inputs, inputs);
  };

  it("has the pauses of a canary and stableForMs on top", () => {
    const base = limitOf({});
    const steps = [1, 2].map((count) => ({ count, pauseMs: 3_600_000 }));
    assert.equal(limitOf({ strategy: "canary", steps }), base + 7_200_000);
    assert.equal(limitOf({ stableForMs: 60_000 }), base + 8 * 60_000);
  });
});
