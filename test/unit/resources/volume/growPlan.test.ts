import assert from "node:assert/strict";
import { UnikernelError, formatError } from "../../../../provider/base/errors";
import type { InstanceItem } from "../../../../provider/contract/models";
import { describeRestarts, planRestarts, planResumedStarts } from "../../../../provider/resources/volume/growPlan";

const OURS = "0123456789ab";
const markOf = (stackHash: string): string => `pulumi:${stackHash}:0123456789abcdef`;

const instance = (name: string, more: Partial<InstanceItem> = {}): InstanceItem => ({
  uuid: `uuid-of-${name}`,
  name,
  state: "running",
  tags: ["mine", markOf(OURS)],
  ...more,
});

const plan = (users: readonly InstanceItem[], more: { allowRestart?: boolean; stackHash?: string | undefined } = {}) =>
  planRestarts({ volume: "data", users, allowRestart: true, stackHash: OURS, ...more }).map(({ name }) => name);

function refusal(...args: Parameters<typeof plan>): string {
  try {
    return `no error: ${plan(...args).join()}`;
  } catch (error) {
    assert.ok(UnikernelError.has(error, "IN_USE"), String(error));
    return formatError(error);
  }
}

describe("the plan to grow a volume that instances use", () => {
  it("restarts what runs, may start by itself, or sleeps, and nothing else", () => {
    const users = [
      instance("runs"),
      instance("starts", { state: "starting" }),
      instance("sleeps", { state: "standby", snapshot: { uuid: "s" } }),
      instance("crashes", { state: "stopped", restart: { attempt: 1 } }),
      instance("down", { state: "stopped" }),
      instance("gone", { state: "deleted" }),
      instance("golden", { state: "template" }),
    ];
    assert.deepEqual(plan(users), ["runs", "starts", "sleeps", "crashes"]);
    assert.deepEqual(plan([]), []);
    assert.deepEqual(plan([instance("down", { state: "stopped", tags: [] })], { allowRestart: false }), []);
  });

  it("says how to allow it", () => {
    assert.equal(
      refusal([instance("db")], { allowRestart: false }),
      "IN_USE: sizeMb: Volume 'data' cannot grow while instance 'db' uses it. Set allowRestart: true on the volume to let the update stop instance 'db', grow the volume and start it again.",
    );
    assert.equal(
      refusal([instance("a"), instance("b")], { allowRestart: false }),
      "IN_USE: sizeMb: Volume 'data' cannot grow while instance 'a' and instance 'b' use it. Set allowRestart: true on the volume to let the update stop these instances, grow the volume and start them again.",
    );
  });

  it("touches no instance that the stack does not manage, whether or not a restart is allowed", () => {
    const theirs = instance("theirs", { tags: [markOf("ba9876543210")] });
    const unmarked = instance("unmarked", { tags: null });
    const sentence = (names: string, verb: string) =>
      `IN_USE: sizeMb: Volume 'data' cannot grow while ${names} ${verb} it, which this stack does not manage. Remove it from the volumes of ${names} and run 'pulumi up'; then make this change, and mount it again.`;
    for (const allowRestart of [true, false]) {
      assert.equal(refusal([instance("db"), theirs], { allowRestart }), sentence("instance 'theirs'", "uses"));
    }
    assert.equal(refusal([theirs, unmarked]), sentence("instance 'theirs' and instance 'unmarked'", "use"));
    assert.equal(refusal([instance("db")], { stackHash: undefined }), sentence("instance 'db'", "uses"));
  });

  it("stops nothing that a stop would delete, or whose memory would be lost", () => {
    assert.equal(
      refusal([instance("job", { features: ["delete-on-stop"] })]),
      "IN_USE: sizeMb: Volume 'data' cannot grow while instance 'job' uses it and would be deleted by a stop. Make this change when it has ended, or delete it first.",
    );
    assert.equal(
      refusal([instance("lab", { state: "stopped", snapshot: { uuid: "s" } })]),
      "IN_USE: sizeMb: Volume 'data' cannot grow while instance 'lab' uses it and is suspended. Resume it first, so that it can shut down cleanly.",
    );
  });

  it("starts what a killed update stopped, if it is of this stack", () => {
    const users = [
      instance("stopped", { state: "stopped" }),
      instance("runs"),
      instance("suspended", { state: "stopped", snapshot: { uuid: "s" } }),
      instance("theirs", { state: "stopped", tags: [markOf("ba9876543210")] }),
    ];
    assert.deepEqual(
      planResumedStarts(users, OURS).map(({ name }) => name),
      ["stopped"],
    );
    assert.deepEqual(planResumedStarts(users, undefined), []);
  });

  it("is told in one sentence", () => {
    assert.equal(describeRestarts([]), undefined);
    assert.equal(
      describeRestarts([instance("a")]),
      "the update stops instance 'a' before it grows the volume, and starts it afterwards.",
    );
    assert.equal(
      describeRestarts([instance("a"), instance("b")]),
      "the update stops instance 'a' and instance 'b' before it grows the volume, and starts them afterwards.",
    );
  });
});
