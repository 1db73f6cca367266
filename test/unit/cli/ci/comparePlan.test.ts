import assert from "node:assert/strict";
import { UnikernelError } from "../../../../provider/base/errors";
import { comparePlan } from "../../../../provider/cli/ci/comparePlan";
import { parsePreview } from "../../../../provider/cli/ci/previewDigest";
import { parsePlan } from "../../../../provider/cli/ci/savedPlan";
import { UNKNOWN } from "../../../../provider/definition/unknowns";
import { STACK_URN, previewMessage, previewOf, previewStep, urnFor } from "../../../support/previewJson";

const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:x" };

/** A plan for resources by name: the steps, and the goal beside the parent. */
const planOf = (resources: Readonly<Record<string, readonly [steps: readonly string[], goal?: object]>>): string =>
  JSON.stringify({
    manifest: { version: "v3.259.0" },
    resourcePlans: Object.fromEntries(
      Object.entries(resources).map(([name, [steps, goal]]) => [
        urnFor(name),
        { steps, ...(goal === undefined ? {} : { goal: { parent: STACK_URN, ...goal } }), state: {} },
      ]),
    ),
  });

const compare = (plan: string, preview: string): readonly string[] =>
  comparePlan(parsePlan(plan, "plan.json"), parsePreview(preview, "preview.json")).map(
    ({ subject, reason }) => `${subject} ${reason}`,
  );

/** What is wrong for one resource whose plan has these steps, and whose preview has this operation. */
const operation = (planned: readonly string[], current: string | undefined, summary: Record<string, number> = {}) =>
  compare(
    planOf({ web: [planned] }),
    previewOf(current === undefined ? [] : [previewStep(current, "web")], [], summary),
  );

describe("a saved plan and the current preview", () => {
  it("agree on operations that the engine allows", () => {
    for (const [planned, current] of [
      [["create"], "create"],
      [["create"], "same"],
      [["update"], "update"],
      [["update"], "same"],
      [["delete"], "delete"],
      [["delete"], undefined],
      [["same"], "same"],
      [["same"], undefined],
      [["create-replacement", "replace", "delete-replaced"], "replace"],
    ] as const)
      assert.deepEqual(operation(planned, current), [], `${planned.join()} ${current}`);
  });

  it("disagree on what the plan does not contain", () => {
    assert.deepEqual(operation(["same"], "update"), [
      "Instance 'web' would be updated now, which the plan does not contain.",
    ]);
    assert.deepEqual(operation(["create"], "update"), ["Instance 'web' was to be created, and would be updated now."]);
    assert.deepEqual(operation(["update"], "replace"), [
      "Instance 'web' was to be updated, and would be replaced now.",
    ]);
    assert.deepEqual(operation(["replace"], "same"), [
      "Instance 'web' was to be replaced, and would be left as it is now.",
    ]);
    assert.deepEqual(operation(["delete"], "same"), [
      "Instance 'web' was to be deleted, and would be left as it is now.",
    ]);
    assert.deepEqual(compare(planOf({}), previewOf([previewStep("create", "web")])), [
      "Instance 'web' would be created now, which the plan does not contain.",
    ]);
  });

  it("disagree on a resource that the program no longer has, or cannot tell", () => {
    assert.deepEqual(operation(["update"], undefined), [
      "Instance 'web' was to be updated, and the program no longer has it.",
    ]);
    assert.deepEqual(operation(["update"], undefined, { same: 4 }), [
      "Instance 'web' was to be updated, and the preview does not list it: run the preview with --show-sames.",
    ]);
  });

  it("agree on equal inputs, on any value of an unknown, and on secrets, which are not printed", () => {
    const before = { memoryMb: 64, name: "web", old: 1 };
    const inputDiff = {
      adds: { ip: UNKNOWN, env: SECRET, list: [{ a: UNKNOWN, b: SECRET }] },
      updates: { memoryMb: 128 },
      deletes: ["old"],
    };
    const after = { memoryMb: 128, name: "web", ip: "10.0.0.1", env: "[secret]", list: [{ a: 1, b: "[secret]" }] };
    const plan = planOf({ web: [["update"], { inputDiff }] });
    const check = (inputs: object): readonly string[] =>
      compare(plan, previewOf([previewStep("update", "web", { oldInputs: before, inputs: { ...inputs } })]));
    assert.deepEqual(check(after), []);
    const differ = (names: string): readonly string[] => [
      `Instance 'web' has other values than in the plan: ${names}.`,
    ];
    assert.deepEqual(check({ ...after, memoryMb: 256 }), differ("memoryMb"));
    assert.deepEqual(check({ ...after, name: "web2", old: 1 }), differ("name, old"));
    assert.deepEqual(check({ ...after, list: [{ a: 1, b: "[secret]", c: 1 }] }), differ("list"));
    assert.deepEqual(check({ ...after, list: "x" }), differ("list"));
    assert.deepEqual(check({ ...after, more: true }), differ("more"));
  });

  it("disagree on options of a resource", () => {
    const providerUrn = "urn:pulumi:test::shop::pulumi:providers:pulumi-nodejs::default";
    const check = (goal: object, state: object): readonly string[] => {
      const step = previewStep("update", "web") as { newState: object };
      return compare(
        planOf({ web: [["update"], goal] }),
        previewOf([{ ...step, newState: { ...step.newState, ...state } }]),
      );
    };
    assert.deepEqual(check({ provider: `${providerUrn}::${UNKNOWN}` }, { provider: `${providerUrn}::1` }), []);
    assert.deepEqual(check({ dependencies: ["b", "a"] }, { dependencies: ["a", "b"] }), []);
    assert.deepEqual(
      check({ provider: `${providerUrn}::1`, protect: true, dependencies: ["a"] }, { provider: `${providerUrn}::2` }),
      ["Instance 'web' has other options than in the plan: protect, provider, dependsOn."],
    );
    assert.deepEqual(check({ parent: urnFor("site") }, {}), [
      "Instance 'web' has other options than in the plan: parent.",
    ]);
  });

  it("disagree on the configuration, except for secrets", () => {
    const withConfig = (text: string, config: object): string =>
      JSON.stringify({ ...(JSON.parse(text) as object), config });
    const check = (planned: object, current: object): readonly string[] =>
      compare(withConfig(planOf({}), planned), withConfig(previewOf([]), current));
    const planned = { "shop:token": { secure: "v1:x" }, "shop:port": "80" };
    assert.deepEqual(check(planned, { "shop:token": "[secret]", "shop:port": "80" }), []);
    assert.deepEqual(check(planned, { "shop:token": "[secret]", "shop:port": "81", "shop:size": "1" }), [
      "The plan was made with another configuration: shop:port, shop:size.",
    ]);
  });

  it("disagree as a whole if the preview fails, or is of another stack", () => {
    const failed = previewOf([], [previewMessage("error: x", urnFor("web"), "error")]);
    assert.deepEqual(compare(planOf({}), failed), ["The plan cannot be applied: the current preview fails."]);
    const other = planOf({ web: [["create"]] }).replaceAll("urn:pulumi:test::", "urn:pulumi:prod::");
    assert.deepEqual(compare(other, previewOf([previewStep("create", "web")])), [
      "The plan is for 'shop/prod', and the preview is of 'shop/test'.",
    ]);
  });
});

describe("a saved plan", () => {
  it("of another form is rejected in one sentence", () => {
    const problem = (text: string): string => {
      try {
        parsePlan(text, "plan.json");
      } catch (error) {
        assert.ok(UnikernelError.has(error, "INPUT_INVALID"));
        return error.message;
      }
      return "";
    };
    const expected = "plan.json is not a plan of Pulumi 3 (tested with 3.259.0): ";
    assert.equal(problem("{"), `${expected}it is not JSON.`);
    assert.equal(problem("[]"), `${expected}it differs.`);
    assert.equal(problem('{"resourcePlans":{}}'), `${expected}it differs at 'manifest'.`);
    assert.equal(
      problem('{"manifest":{"version":"v3"},"resourcePlans":[]}'),
      `${expected}it differs at 'resourcePlans'.`,
    );
    assert.equal(problem(planOf({ web: [["create"]] })), "");
  });
});
