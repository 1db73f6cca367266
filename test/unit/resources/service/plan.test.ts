import assert from "node:assert/strict";
import { serviceInputs } from "../../../../provider/resources/service/inputs";
import { planServiceUpdate } from "../../../../provider/resources/service/plan";

describe("the rollout in a plan of a service", () => {
  const inputs = (image: string | undefined, replicas: number) =>
    serviceInputs.parse({
      name: "web",
      ports: [{ port: 8080 }],
      ...(image === undefined ? {} : { template: { image }, replicas }),
    });
  const rollout = (...plan: Parameters<typeof planServiceUpdate>) =>
    planServiceUpdate(...plan).flatMap((step) => (step.do === "roll" ? [step.description] : []));

  it("replaces replicas of another template, even if none counts as a replica of the requested one", () => {
    const [step] = rollout(inputs("app:1", 0), inputs("app:2", 3), 3);
    assert.match(step ?? "", /^roll the changed template out to 3 replicas/);
  });

  it("launches where there are no replicas, or only failed ones of the same template", () => {
    assert.deepEqual(rollout(inputs(undefined, 0), inputs("app:2", 3), 0), ["launch 3 replicas"]);
    assert.deepEqual(rollout(inputs("app:1", 0), inputs("app:2", 3), 0), ["launch 3 replicas"]);
    assert.deepEqual(rollout(inputs("app:1", 0), inputs("app:1", 3), 3), ["launch 3 replicas"]);
  });
});
