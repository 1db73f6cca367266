import assert from "node:assert/strict";
import { labelValue, labelsOf, selectorOf } from "../../../../../sdk/kubernetes/common/labels";

// Source: Kubernetes, "Labels and Selectors": syntax of a value.
const VALID = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

describe("labels of objects in a cluster", () => {
  it("have the text itself where it may be one", () => {
    for (const text of ["a", "project.stack.gateway", "Gateway_1", "x".repeat(63)])
      assert.equal(labelValue(text), text);
  });

  it("have a readable part and a hash otherwise, different for different texts", () => {
    const texts = ["a/b", "a:b", "-a", "a-", "é", "", "x".repeat(64), `${"x".repeat(63)}y`, "org/project.prod.gateway"];
    const values = texts.map(labelValue);
    for (const value of values) assert.match(value, VALID);
    assert.equal(new Set(values).size, texts.length);
    assert.match(labelValue("org/project.prod.gateway"), /^org-project\.prod\.gateway-[0-9a-f]{8}$/);
  });

  it("select the pods of one part of one component", () => {
    assert.deepEqual(selectorOf("p.s.gateway", "redis"), {
      "app.kubernetes.io/instance": "p.s.gateway",
      "app.kubernetes.io/component": "redis",
    });
    assert.equal(labelsOf("p.s.gateway", "redis")["app.kubernetes.io/managed-by"], "pulumi");
  });
});
