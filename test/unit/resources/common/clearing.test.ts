/** Every way in which a metro may take, refuse or ignore the two forms of a clear. */
import assert from "node:assert/strict";
import { UnikernelError } from "../../../../provider/base/errors";
import type { ItemStatus } from "../../../../provider/client/errors/apiErrors";
import { ITEM_CODES } from "../../../../provider/contract/codes";
import type { PatchOperation } from "../../../../provider/contract/models";
import { type ClearingForm, sendPatches } from "../../../../provider/resources/common/clearing";
import type { PlannedOperation } from "../../../../provider/resources/common/patchOperation";

/** What becomes of a form: it clears, is accepted without effect, is refused (the item, or the request), or is forbidden. */
const BEHAVIOURS = ["clears", "ignores", "refuses", "rejects", "forbids"] as const;
type Behaviour = (typeof BEHAVIOURS)[number];

class FakeNode {
  readonly sent: string[][] = [];
  readonly values = new Map<string, unknown>([
    ["tags", ["a"]],
    ["env", { A: "1" }],
    ["memory_mb", 64],
  ]);
  readonly #behaviours: Readonly<Record<ClearingForm, Behaviour>>;

  constructor(behaviours: Readonly<Record<ClearingForm, Behaviour>>) {
    this.#behaviours = behaviours;
  }

  readonly target = {
    describe: (verb: string, { prop }: PlannedOperation<string>) => `${verb} ${prop} of 'web'`,
    send: async (operations: readonly PatchOperation<string>[]) => {
      await Promise.resolve();
      this.sent.push(operations.map(({ op, prop }) => `${op} ${prop}`));
      const bare = operations.find(({ value }) => value === undefined);
      if (bare !== undefined && this.#behaviours[bare.op as ClearingForm] === "rejects")
        throw new UnikernelError("API_REJECTED", "Refused with HTTP 400.", { details: { status: 400 } });
      return { message: undefined, metro: "m", requestId: undefined, items: operations.map((one) => this.#apply(one)) };
    },
    findUncleared: (patches: readonly PlannedOperation<string>[]) =>
      Promise.resolve(patches.filter(({ prop }) => this.values.has(prop))),
  };

  #apply({ prop, op, value }: PatchOperation<string>): ItemStatus {
    if (value !== undefined) {
      this.values.set(prop, value);
      return { status: "success" };
    }
    const behaviour = this.#behaviours[op as ClearingForm];
    if (behaviour === "refuses") return { status: "error", error: ITEM_CODES.Invalid, message: `no ${op}` };
    if (behaviour === "forbids") return { status: "error", error: ITEM_CODES.NotAllowed, message: "locked" };
    if (behaviour === "clears") this.values.delete(prop);
    return { status: "success" };
  }
}

const TAGS: PlannedOperation<string> = { prop: "tags", op: "clear" };
const ENV: PlannedOperation<string> = { prop: "env", op: "clear" };
const MEMORY: PlannedOperation<string> = { prop: "memory_mb", op: "set", value: 128 };

describe("clearing a property", () => {
  for (const set of BEHAVIOURS)
    for (const del of BEHAVIOURS) {
      const works = set === "clears" || (set !== "forbids" && del === "clears");
      it(`${works ? "clears" : "fails"} where 'set' ${set} and 'del' ${del}`, async () => {
        const node = new FakeNode({ set, del });
        const memory = { form: "set" as ClearingForm };
        const outcome = await sendPatches(memory, [TAGS], node.target).then(
          (errors) => errors.get(TAGS),
          (error: unknown) => error as UnikernelError,
        );
        assert.equal(node.values.has("tags"), !works);
        assert.equal(outcome === undefined, works);
        assert.equal(node.sent.length, set === "clears" || set === "forbids" ? 1 : 2);
        if (works) assert.equal(memory.form, set === "clears" ? "set" : "del");
        else if (set === "ignores" && del !== "forbids") assert.equal(outcome?.code, "OPERATION_FAILED");
      });
    }

  it("names the old value when the forms were accepted without effect", async () => {
    const node = new FakeNode({ set: "ignores", del: "ignores" });
    const error = (await sendPatches({ form: "set" }, [TAGS], node.target)).get(TAGS);
    assert.match(error?.message ?? "", /^Clearing tags of 'web' failed: the old value is still there/);
  });

  it("tries the form first that the metro took last", async () => {
    const memory = { form: "set" as ClearingForm };
    const node = new FakeNode({ set: "refuses", del: "clears" });
    await sendPatches(memory, [TAGS], node.target);
    await sendPatches(memory, [ENV], node.target);
    assert.deepEqual(node.sent, [["set tags"], ["del tags"], ["del env"]]);
  });

  it("makes the other changes once, in one request with the clears", async () => {
    for (const [set, sent] of [
      ["clears", [["set tags", "set memory_mb", "set env"]]],
      [
        "ignores",
        [
          ["set tags", "set memory_mb", "set env"],
          ["del tags", "del env"],
        ],
      ],
      [
        "rejects",
        [
          ["set tags", "set memory_mb", "set env"],
          ["del tags", "set memory_mb", "del env"],
        ],
      ],
    ] as const) {
      const node = new FakeNode({ set, del: "clears" });
      assert.equal((await sendPatches({ form: "set" }, [TAGS, MEMORY, ENV], node.target)).size, 0);
      assert.deepEqual(node.sent, sent);
      assert.deepEqual([...node.values], [["memory_mb", 128]]);
    }
  });

  it("throws a failed request that no clear can be the reason of", async () => {
    const node = new FakeNode({ set: "clears", del: "clears" });
    const send = () => Promise.reject(new UnikernelError("API_UNREACHABLE", "Lost."));
    await assert.rejects(sendPatches({ form: "set" }, [TAGS], { ...node.target, send }), { code: "API_UNREACHABLE" });
  });
});
