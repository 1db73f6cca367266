import assert from "node:assert/strict";
import { type ErrorCode, UnikernelError } from "../../../../provider/base/errors";
import {
  type ResumableCreate,
  createOrResume,
  nameTakenContext,
  sendFinish,
} from "../../../../provider/resources/common/createOrResume";
import type { ProviderContext } from "../../../../provider/resources/context";
import { contextWithResponses } from "../../../support/resourceContext";

/** Fails with these codes one after the other, then succeeds. */
function creating(codes: ErrorCode[], more: Partial<ResumableCreate<string>> = {}) {
  const calls: string[] = [];
  const steps: ResumableCreate<string> = {
    create: () => {
      calls.push("create");
      const code = codes.shift();
      return code === undefined ? Promise.resolve("new") : Promise.reject(new UnikernelError(code, "No."));
    },
    findUnfinished: () => Promise.resolve("left"),
    resume: (left) => {
      calls.push(`resume ${left}`);
      return Promise.resolve(left);
    },
    discard: (left) => {
      calls.push(`discard ${left}`);
      return Promise.resolve();
    },
    ...more,
  };
  return { calls, steps };
}

describe("a create that a killed one may have begun", () => {
  const context = contextWithResponses({});

  it("looks for nothing when it succeeds", async () => {
    const { calls, steps } = creating([], { findUnfinished: () => assert.fail("it looked") });
    assert.deepEqual([await createOrResume(context, steps), calls], ["new", ["create"]]);
  });

  for (const code of ["ALREADY_EXISTS", "IN_USE", "STATE_CONFLICT", "QUOTA_EXCEEDED"] as const) {
    it(`goes on with its unfinished object when it is refused with ${code}`, async () => {
      const { calls, steps } = creating([code]);
      assert.deepEqual([await createOrResume(context, steps), calls], ["left", ["create", "resume left"]]);
    });
  }

  it("makes it anew where it cannot be brought to the inputs, once its name is free", async () => {
    const { calls, steps } = creating(["ALREADY_EXISTS", "ALREADY_EXISTS"], {
      resume: () => Promise.resolve(undefined),
    });
    assert.equal(await createOrResume(context, steps), "new");
    assert.deepEqual(calls, ["create", "discard left", "create", "create"]);
  });

  it("does not wait for a name for ever", async () => {
    const { steps } = creating(Array<ErrorCode>(100).fill("ALREADY_EXISTS"), {
      resume: () => Promise.resolve(undefined),
    });
    await assert.rejects(createOrResume(contextWithResponses({}), steps), { code: "ALREADY_EXISTS" });
  });

  it("fails as it is refused where nothing of its own is in the way", async () => {
    for (const findUnfinished of [() => Promise.resolve(undefined), () => Promise.reject(new Error("lost"))]) {
      const { calls, steps } = creating(["IN_USE"], { findUnfinished });
      await assert.rejects(createOrResume(context, steps), { code: "IN_USE" });
      assert.deepEqual(calls, ["create"]);
    }
    const { calls, steps } = creating(["API_REJECTED"]);
    await assert.rejects(createOrResume(context, steps), { code: "API_REJECTED" });
    assert.deepEqual(calls, ["create"]);
  });
});

describe("the end of a create", () => {
  const refused = (code: ErrorCode, details: Record<string, unknown> = {}) =>
    sendFinish(() => Promise.reject(new UnikernelError(code, "No.", { details })));

  it("succeeds on a node that changes nothing in place", async () => {
    await refused("NOT_SUPPORTED");
    await refused("API_REJECTED", { status: 404 });
    await refused("API_REJECTED", { status: 405 });
  });

  it("fails otherwise", async () => {
    await assert.rejects(refused("API_REJECTED", { status: 400 }), { code: "API_REJECTED" });
    await assert.rejects(refused("API_UNREACHABLE"), { code: "API_UNREACHABLE" });
  });
});

describe("the hint for a name that is taken", () => {
  it("tells a derived name from a given one", () => {
    const ownership = { stackHash: "", resourceHash: "", hasDerivedName: true };
    const hintFor = (given: Partial<ProviderContext>) => nameTakenContext(given as ProviderContext).hint;
    assert.match(hintFor({ ownership }) ?? "", /^Run 'pulumi up' again/);
    for (const given of [{}, { ownership: { ...ownership, hasDerivedName: false } }]) {
      assert.match(hintFor(given) ?? "", /^Set adopt: true/);
    }
  });
});
