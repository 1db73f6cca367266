import assert from "node:assert/strict";
import { identityOf } from "../../../../provider/definition/identity";
import {
  findMark,
  finishedMark,
  finishingTags,
  holderByMark,
  isOwnershipMark,
  unfinishedMark,
  growingMark,
  withMarkKept,
  withoutMarks,
} from "../../../../provider/resources/common/ownershipMark";
import { tagsRule } from "../../../../provider/resources/common/tags";

const MINE = identityOf("a", "urn:pulumi:dev::shop::t::web");
/** The same program of another owner. */
const THEIRS = identityOf("b", "urn:pulumi:dev::shop::t::web");
const [finished, unfinished] = [finishedMark(MINE), unfinishedMark(MINE)];

describe("the mark of ownership", () => {
  it("is one tag that the platform accepts, in a form that no later release may change", () => {
    assert.match(finished, /^pulumi:[0-9a-f]{12}:[0-9a-f]{16}$/);
    assert.equal(unfinished, `${finished}:unfinished`);
    for (const mark of [finished, unfinished]) assert.match(mark, /^[A-Za-z0-9\-+_.:=]{1,256}$/);
  });

  it("says whose an object is, and whether its create has finished", () => {
    assert.deepEqual(findMark(["one", unfinished]), {
      ...MINE,
      unfinished: true,
      growing: false,
      restartingFrom: undefined,
    });
    assert.deepEqual(findMark([finished]), { ...MINE, unfinished: false, growing: false, restartingFrom: undefined });
    assert.deepEqual(findMark([growingMark(MINE)]), {
      ...MINE,
      unfinished: false,
      growing: true,
      restartingFrom: undefined,
    });
    for (const none of [undefined, null, [], ["pulumi:x"]]) assert.equal(findMark(none), undefined);
    assert.deepEqual(
      [[unfinished], [finished], [unfinishedMark(THEIRS)], ["one"], null].map((tags) => holderByMark(tags, MINE)),
      ["unfinished", "finished", "managed", "foreign", "foreign"],
    );
    assert.equal(holderByMark([unfinished], undefined), "managed", "nothing is one's own without an identity");
  });

  it("counts only if all marks of the object are the same resource's", () => {
    for (const tags of [
      [unfinished, unfinishedMark(THEIRS)],
      [finishedMark(THEIRS), unfinished],
    ]) {
      assert.equal(findMark(tags), undefined);
      assert.equal(holderByMark(tags, MINE), "foreign");
    }
    for (const tags of [
      [unfinished, finished],
      [finished, unfinished],
    ])
      assert.equal(holderByMark(tags, MINE), "finished", "an unfinished create left only one");
  });

  it("differs where only the stack or only the resource is the same", () => {
    for (const other of [
      { ...MINE, stackHash: "0".repeat(12) },
      { ...MINE, resourceHash: "0".repeat(16) },
    ]) {
      assert.equal(holderByMark([unfinishedMark(other)], MINE), "managed");
    }
  });

  it("is hidden from programs, which cannot give such a tag", () => {
    assert.deepEqual(withoutMarks(["a", unfinished, "pulumi:mine"]), ["a", "pulumi:mine"]);
    assert.ok(!isOwnershipMark(finished.toUpperCase()));
    assert.deepEqual(tagsRule.test({ tags: ["a", finished] }, {}), [
      {
        property: "tags[1]",
        reason: `"${finished}" is reserved for marking what Pulumi manages; choose another tag.`,
      },
    ]);
  });

  it("is finished by the last request, and only where an unfinished one is", () => {
    assert.deepEqual(finishingTags(["a", unfinished], MINE), ["a", finished]);
    assert.deepEqual(finishingTags([unfinished], undefined), [finished], "its own, where the resource is not known");
    for (const tags of [undefined, null, [], ["a"], ["a", finished]])
      assert.equal(finishingTags(tags, MINE), undefined);
  });

  it("stays when the tags of a program change", () => {
    const set = { prop: "tags", op: "set", value: ["b"] } as const;
    assert.deepEqual(withMarkKept(set, ["a", finished], MINE).value, ["b", finished]);
    assert.deepEqual(withMarkKept(set, ["a", finished], undefined).value, ["b", finished]);
    assert.deepEqual(withMarkKept(set, ["a"], undefined), set);
    assert.deepEqual(withMarkKept({ prop: "tags", op: "clear" }, [finished], MINE), {
      prop: "tags",
      op: "set",
      value: [finished],
    });
    const other = { prop: "env", op: "set", value: {} } as const;
    assert.equal(withMarkKept(other, [finished], MINE), other);
  });
});
