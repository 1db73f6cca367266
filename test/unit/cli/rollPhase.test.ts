import assert from "node:assert/strict";
import { describeMember, toMembers } from "../../../provider/cli/roll/members";
import { describePhase, phaseOf } from "../../../provider/cli/roll/phase";
import type { InstanceItem } from "../../../provider/contract/models";
import { MANAGED_TAG, RETIRED_TAG } from "../../../provider/resources/service/replicaTags";

const DIGESTS = { old: "a".repeat(64), new: "b".repeat(64) };
let created = 0;

/** A replica as a metro lists it; later ones were created later. */
const replica = (image: keyof typeof DIGESTS, fields: Partial<InstanceItem> = {}): InstanceItem =>
  ({
    ...{ name: `web-${image}`, uuid: String(created), state: "running", net_time_us: 1, tags: [MANAGED_TAG] },
    created_at: new Date(2026, 0, 1, 0, 0, created++).toISOString(),
    image: `app@sha256:${DIGESTS[image]}`,
    ...fields,
  }) as InstanceItem;

function show(items: readonly InstanceItem[], { isRunning = true, hasCandidate = false } = {}) {
  const members = toMembers(items);
  const phase = phaseOf({ isRunning, hasCandidate, members });
  return { phase, sentence: describePhase(phase, members), lines: members.map(describeMember) };
}

describe("the phase of a rollout", () => {
  it("is nothing to speak of if none runs, unless the last one left replicas of another template", () => {
    assert.deepEqual(show([replica("new")], { isRunning: false }).sentence, "");
    assert.equal(show([replica("new")], { isRunning: false }).phase, "idle");
    const { phase, sentence } = show([replica("old"), replica("new")], { isRunning: false });
    assert.equal(phase, "unfinished");
    assert.match(sentence, /^The last one did not replace 1 replica: the next 'pulumi up' does, or restores/);
    const kept = replica("old", { tags: [RETIRED_TAG], state: "stopped" });
    const after = show([kept, replica("new")], { isRunning: false });
    assert.equal(after.phase, "idle");
    assert.match(after.lines[0] ?? "", / {2}stopped, kept by blueGreen$/);
  });

  it("says what the rollout waits for", () => {
    const halfDone = [replica("old"), replica("new", { state: "starting" })];
    const waiting = show(halfDone);
    assert.deepEqual([waiting.phase, waiting.sentence], ["waiting", "It waits until 1 new replica is ready."]);
    assert.match(waiting.lines[1] ?? "", /starting, not ready: its state is 'starting'$/);
    assert.equal(show(halfDone, { hasCandidate: true }).phase, "candidate");
    const between = show([replica("old"), replica("new")]);
    assert.equal(between.phase, "between");
    assert.match(between.sentence, /ready: it waits until they have stayed so, or for the pause of a step/);
    const uniform = show([replica("new"), replica("new")]);
    assert.equal(uniform.phase, "beginningOrEnding");
    assert.match(uniform.sentence, /^All replicas have one template and are ready/);
  });

  it("says which replicas are leaving, and why they are not ready", () => {
    const leaving = [replica("old", { rotation: "out" }), replica("old", { state: "stopping" })];
    const { phase, sentence, lines } = show([...leaving, replica("new")]);
    assert.equal(phase, "draining");
    assert.equal(sentence, "It waits until 2 replicas have finished the open connections and stopped.");
    assert.match(lines[0] ?? "", / {2}running, finishing its connections$/);
    assert.match(lines[1] ?? "", / {2}stopping$/);
    assert.equal(toMembers(leaving)[1]?.reason, "it is stopping");
  });

  it("takes new replicas of 'blueGreen', which get no connections yet, for ready ones", () => {
    const { phase, lines } = show([replica("old"), replica("new", { rotation: "out" })]);
    assert.equal(phase, "between");
    assert.match(lines[1] ?? "", /running, ready$/);
  });
});
