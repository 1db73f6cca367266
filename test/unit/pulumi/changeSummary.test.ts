import assert from "node:assert/strict";
import type { PropertyChange } from "../../../provider/definition/resource";
import { formatChangeSummary } from "../../../provider/pulumi/changeSummary";

const change = (property: string, more: Partial<PropertyChange> = {}): PropertyChange => ({
  property,
  replace: false,
  mayReplace: false,
  restart: false,
  certain: true,
  ...more,
});
const summaryOf = (changes: readonly PropertyChange[], more: Partial<Parameters<typeof formatChangeSummary>[0]> = {}) =>
  formatChangeSummary({
    ...{
      label: "Instance 'web'",
      changes,
      movesMetro: false,
      deleteBeforeReplace: false,
      isDeleteLocked: false,
      steps: [],
      partiallyUnknown: [],
      replacementNote: undefined,
    },
    ...more,
  });

describe("the change summary of a preview", () => {
  it("says what a replacement does beyond the engine's own steps", () => {
    const replacementNote = "the new instance takes over its addresses";
    const image = change("image", { replace: true });
    const sentence = "Instance 'web': the new instance takes over its addresses.";
    assert.equal(summaryOf([image], { replacementNote })[1], sentence);
    assert.equal(summaryOf([image], { replacementNote, movesMetro: true })[1], undefined);
    assert.equal(summaryOf([change("tags")], { replacementNote })[1], undefined);
  });

  it("lists the update's steps in order", () => {
    const steps = ["stop it", "change memoryMb and env in place", "start it"];
    assert.deepEqual(summaryOf([change("memoryMb"), change("env")], { steps }), [
      "Instance 'web': the update will stop it, change memoryMb and env in place, then start it.",
    ]);
  });

  it("lists the changes where no steps are known", () => {
    assert.deepEqual(summaryOf([change("a"), change("b"), change("c")]), [
      "Instance 'web': will change a, b and c in place.",
    ]);
  });

  it("gives the reason of a replacement and whether it interrupts service, and nothing else", () => {
    const changes = [change("restartPolicy", { replace: true }), change("tags"), change("env", { certain: false })];
    assert.deepEqual(summaryOf(changes), [
      "Instance 'web': will be replaced because restartPolicy cannot be changed in place.",
    ]);
    assert.deepEqual(summaryOf(changes, { deleteBeforeReplace: true }), [
      "Instance 'web': will be deleted and recreated because restartPolicy cannot be changed in place.",
    ]);
    assert.deepEqual(summaryOf([], { movesMetro: true }), [
      "Instance 'web': will be replaced because it moves to another metro.",
    ]);
  });

  it("lists what to do first if the old resource cannot be deleted", () => {
    const what =
      "Instance 'web': the old resource is locked against deletion: set deleteLock to false and run 'pulumi up' first.";
    const replaced = [change("restartPolicy", { replace: true })];
    assert.equal(summaryOf(replaced, { isDeleteLocked: true })[1], what);
    assert.equal(summaryOf([], { movesMetro: true, isDeleteLocked: true })[1], what);
    assert.equal(summaryOf([change("tags")], { isDeleteLocked: true }).length, 1);
  });

  it("lists what may change and what that would take", () => {
    const open = { certain: false };
    assert.deepEqual(summaryOf([change("image", { ...open, restart: true })]), [
      "Instance 'web': image may change (value not known yet); a change would restart it.",
    ]);
    assert.deepEqual(
      summaryOf([change("tags"), change("service", open), change("autokill", open)], { steps: ["tag it"] }),
      [
        "Instance 'web': the update will tag it.",
        "Instance 'web': service and autokill may change (values not known yet).",
      ],
    );
  });

  it("separates a possible replacement from possible updates in place", () => {
    const open = { certain: false };
    const changes = [
      change("service", { ...open, mayReplace: true }),
      change("tags", open),
      change("restartPolicy", { ...open, mayReplace: true }),
    ];
    assert.deepEqual(summaryOf(changes), [
      "Instance 'web': service and restartPolicy may change (values not known yet); a change would replace it.",
      "Instance 'web': tags may change (value not known yet).",
    ]);
  });

  it("lists certain changes that no step covers", () => {
    const partiallyUnknown = ["volumes", "tags"];
    assert.deepEqual(
      summaryOf([change("env"), change("volumes", { restart: true }), change("tags")], { partiallyUnknown }),
      [
        "Instance 'web': will change env in place.",
        "Instance 'web': volumes will change (value not fully known yet); this restarts it.",
        "Instance 'web': tags will change (value not fully known yet).",
      ],
    );
    assert.deepEqual(summaryOf([change("args"), change("tags")], { partiallyUnknown: ["args", "tags"] }), [
      "Instance 'web': args and tags will change (values not fully known yet).",
    ]);
  });

  it("is empty without changes", () => {
    assert.deepEqual(summaryOf([]), []);
  });
});
