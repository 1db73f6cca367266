import assert from "node:assert/strict";
import { diff } from "../../../../provider/definition/diff";
import { type ServiceInputs, serviceInputs } from "../../../../provider/resources/service/inputs";
import { MANAGED_TAG, templateTag } from "../../../../provider/resources/service/replicaTags";
import { observedInputs } from "../../../../provider/resources/service/wire";
import type { InstanceItem } from "../../../../provider/contract/models";

const inputsOf = (version: string): ServiceInputs =>
  serviceInputs.parse({
    name: "web",
    ports: [{ port: 8080 }],
    replicas: 2,
    template: { image: "app@sha256:1", memoryMb: 64, env: { VERSION: version } },
  });
const template = (inputs: ServiceInputs) => {
  assert.ok(inputs.template !== undefined);
  return inputs.template;
};

/** A replica that was created from the inputs. */
const replica = (name: string, inputs: ServiceInputs, more: object = {}): InstanceItem => ({
  ...{ uuid: name, name, state: "running", image: "app@sha256:1", memory_mb: 64, vcpus: 1 },
  env: template(inputs).env as Record<string, string>,
  restart_policy: "always",
  tags: [MANAGED_TAG, templateTag(template(inputs))],
  ...more,
});
const observe = (instances: readonly InstanceItem[], requested: ServiceInputs): ServiceInputs =>
  observedInputs(
    { item: { uuid: "u", name: "web", services: [{ port: 8080 }], soft_limit: 1 }, autoscale: undefined, instances },
    requested,
    undefined,
  );
const changesOf = (before: ServiceInputs, after: ServiceInputs): readonly string[] =>
  diff({ inputs: serviceInputs }, before, after).map(({ property }) => property);

describe("a service whose replicas all run another template than the state has", () => {
  const [old, news] = [inputsOf("1"), inputsOf("2")];

  it("shows that template, with its replicas: a program that asks for it changes nothing", () => {
    const observed = observe([replica("a", old), replica("b", old)], news);
    assert.deepEqual(changesOf(observed, old), []);
    assert.deepEqual(changesOf(observed, news), ["template"]);
  });

  it("still misses the replicas that are down, and those of a third template", () => {
    const down = observe([replica("a", old), replica("b", old, { state: "stopped" })], news);
    assert.deepEqual(changesOf(down, old), ["replicas"]);
    const third = observe([replica("a", old), replica("b", inputsOf("3"))], news);
    assert.deepEqual(changesOf(third, old), ["replicas"]);
  });
});
