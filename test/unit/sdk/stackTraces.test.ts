import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import * as unikernel from "../../../sdk";

/** Stack traces with frames that @pulumi/pulumi formats for its promises while `action` runs. */
function promiseTraces(action: () => void): number {
  const { prepareStackTrace } = Error;
  let traces = 0;
  Error.prepareStackTrace = (error, frames) => {
    if (frames[0]?.getFunctionName() === "debuggablePromise") traces++;
    return String(error);
  };
  try {
    action();
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
  return traces;
}

const failed = (resource: pulumi.CustomResource): Promise<Error> =>
  (resource.urn as unknown as { promise(): Promise<string> }).promise().then(
    () => assert.fail("the registration succeeded"),
    (error: Error) => error,
  );

describe("stack traces", () => {
  before(() =>
    pulumi.runtime.setMocks(
      {
        newResource: ({ name, inputs }) => {
          if (name === "rejected") throw new Error("rejected by the mock");
          return { id: name, state: inputs as object };
        },
        call: () => ({}),
      },
      "project",
      "stack",
      false,
    ),
  );

  it("are off during the creation of resource outputs and on afterwards", async () => {
    const before = Error.stackTraceLimit;
    const volumes: unikernel.Volume[] = [];
    const traces = promiseTraces(() => void volumes.push(new unikernel.Volume("data", { sizeMb: 64 })));
    // Two each for urn and id, four for the last property and one for the call; not four for each of 22 properties.
    assert.ok(traces > 0 && traces <= 10, `${traces} stack traces`);
    assert.equal(Error.stackTraceLimit, before);
    await Promise.all(volumes.map((volume) => new Promise((resolve) => volume.id.apply(resolve))));
    assert.equal(Error.stackTraceLimit, before);
  });

  it("lead to the program's line if a registration fails", async () => {
    const error = await failed(new unikernel.Volume("rejected", { sizeMb: 64 }));
    assert.match(error.message, /rejected by the mock/);
    assert.match(error.stack ?? "", /stackTraces\.test\.ts/);
  });

  it("lead to the program's line if a constructor throws, and are on afterwards", () => {
    const before = Error.stackTraceLimit;
    assert.throws(
      () => new unikernel.Volume("", { sizeMb: 64 }),
      (error: Error) => (error.stack ?? "").includes("stackTraces.test.ts"),
    );
    assert.equal(Error.stackTraceLimit, before);
  });

  it("are complete if a transformation throws", () => {
    const transformations: pulumi.ResourceTransformation[] = [
      ({ props }) => {
        void { ...(props as object) };
        throw new Error("by the transformation");
      },
    ];
    assert.throws(
      () => new unikernel.Volume("data", { sizeMb: 64 }, { transformations }),
      (error: Error) => (error.stack ?? "").includes("stackTraces.test.ts"),
    );
  });
});
