import assert from "node:assert/strict";
import { type ErrorCode, UnikernelError, formatError } from "../../../../provider/base/errors";
import type { NameHolder } from "../../../../provider/definition/resource";
import { type ResumableCreate, createOrResume, sendFinish } from "../../../../provider/resources/common/createOrResume";
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
    kind: "Volume",
    name: "data-0123456",
    findHolder: () => Promise.resolve({ object: "left", holder: "unfinished" }),
    errorContexts: {},
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
    const { calls, steps } = creating([], { findHolder: () => assert.fail("it looked") });
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
    for (const findHolder of [() => Promise.resolve(undefined), () => Promise.reject(new Error("lost"))]) {
      const { calls, steps } = creating(["IN_USE"], { findHolder });
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

describe("the error of a create that a finished object blocks", () => {
  const ownership = { stackHash: "", resourceHash: "", hasDerivedName: true };

  async function errorOf(code: ErrorCode, holder: NameHolder | undefined, given: Partial<ProviderContext>) {
    const { steps } = creating([code], {
      findHolder: () => Promise.resolve(holder && { object: "left", holder }),
      errorContexts: { IN_USE: { property: "volumes", hint: "Give it its own volume." } },
    });
    const error: unknown = await createOrResume({ ...contextWithResponses({}), ...given }, steps).catch((e) => e);
    return error instanceof UnikernelError ? formatError(error) : error;
  }

  it("names an object of its own that no state holds, with the command that deletes it", async () => {
    const sentence = "'data-0123456' was made for this resource by an earlier update, which was killed before it was";
    for (const code of ["ALREADY_EXISTS", "IN_USE"] as const) {
      const text = await errorOf(code, "finished", { ownership, metro: "fra" });
      assert.equal(
        text,
        `${code}: ${code === "IN_USE" ? "volumes" : "name"}: No. ${sentence} recorded. Delete it: npx unikernel delete volume data-0123456 --metro fra --managed`,
      );
    }
  });

  it("does not advise to delete what may be in use", async () => {
    const given = { ...ownership, hasDerivedName: false };
    for (const [holder, owner] of [
      ["finished", given],
      ["finished", undefined],
      ["foreign", ownership],
      ["managed", ownership],
      ["unmarked", ownership],
      [undefined, ownership],
    ] as const) {
      const blocked = await errorOf("IN_USE", holder, owner === undefined ? {} : { ownership: owner });
      assert.equal(blocked, "IN_USE: volumes: No. Give it its own volume.");
    }
  });

  it("tells a derived name from a given one", async () => {
    assert.match(String(await errorOf("ALREADY_EXISTS", undefined, { ownership })), /Run 'pulumi up' again/);
    const given = { ...ownership, hasDerivedName: false };
    assert.match(String(await errorOf("ALREADY_EXISTS", undefined, { ownership: given })), /Set adopt: true/);
    assert.match(String(await errorOf("ALREADY_EXISTS", undefined, {})), /Set adopt: true/);
  });
});
