import assert from "node:assert/strict";
import { diff } from "../../../../provider/definition/diff";
import { type ServiceInputs, serviceInputs } from "../../../../provider/resources/service/inputs";
import { MANAGED_TAG, templateTag } from "../../../../provider/resources/service/replicaTags";
import { isUnsettled } from "../../../../provider/resources/service/unsettled";
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

describe("a service whose replicas differ from one another", () => {
  const [old, news] = [inputsOf("1"), inputsOf("2")];
  const read = (instances: readonly InstanceItem[], requested: ServiceInputs, more: object = {}): boolean =>
    isUnsettled({ item: { uuid: "u", name: "web" }, autoscale: undefined, instances, ...more }, requested);

  it("has an update to finish after every refresh, also after one that finds what the program says", () => {
    const both = [replica("a", old), replica("b", old), replica("c", news), replica("d", news)];
    const once = observe(both, news);
    assert.deepEqual(changesOf(once, news), ["replicas", "template"]);
    const twice = observe(both, once);
    assert.deepEqual(changesOf(twice, news), [], "nothing else tells that it is not finished");
    for (const requested of [old, news, once, twice]) assert.equal(read(both, requested), true);
  });

  it("has one while a replica is down or was changed by hand, too", () => {
    const down = [replica("a", news), replica("b", news, { state: "stopped" })];
    const twice = observe(down, observe(down, news));
    assert.deepEqual(changesOf(twice, news), []);
    assert.equal(read(down, twice), true);
    assert.equal(read([replica("a", news), replica("b", news, { memory_mb: 128 })], news), true);
  });

  it("has none once they are alike, and none for what autoscale replaces", () => {
    const settled = [replica("a", news), replica("b", news)];
    assert.equal(read(settled, news), false);
    assert.equal(read(settled, old), false, "the inputs show the other template");
    assert.equal(read([], news), false);
    const autoscale = { master: { uuid: "a" } };
    assert.equal(read([replica("a", news), replica("b", news, { state: "stopped" })], news, { autoscale }), false);
  });
});
