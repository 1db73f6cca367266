import assert from "node:assert/strict";
import { type Client, allItems, onlyItem } from "../../../../provider/client/client";
import { ITEM_CODES } from "../../../../provider/contract/codes";
import { ITEM_ERRORS, itemCodeName } from "../../../../provider/client/errors/itemErrors";
import { ERRORS } from "../../../../provider/base/errorCodes";
import { type ErrorCode, UnikernelError, formatError } from "../../../../provider/base/errors";

/** The codes in the order of the vendor's reference, each with our code. */
const EXPECTED: readonly [name: string, code: ErrorCode][] = [
  ["UnknownError", "OPERATION_FAILED"],
  ["NotSupported", "NOT_SUPPORTED"],
  ["WrongMethod", "NOT_SUPPORTED"],
  ["NoApiEndpoint", "NOT_SUPPORTED"],
  ["FailNotAll", "OPERATION_FAILED"],
  ["TooMany", "API_REJECTED"],
  ["Unknown", "API_REJECTED"],
  ["Invalid", "API_REJECTED"],
  ["NotFound", "NOT_FOUND"],
  ["NoFree", "IN_USE"],
  ["FailedOperation", "OPERATION_FAILED"],
  ["FailedWrongVmState", "STATE_CONFLICT"],
  ["TimedOut", "WAIT_TIMEOUT"],
  ["MissingId", "BUG"],
  ["NotAllowed", "NOT_ALLOWED"],
  ["Attached", "IN_USE"],
  ["MalformedRequest", "API_REJECTED"],
  ["NotBoth", "API_REJECTED"],
  ["AddService", "OPERATION_FAILED"],
  ["Quota", "QUOTA_EXCEEDED"],
  ["GuestMemoryTooSmall", "INPUT_INVALID"],
  ["NotAttached", "STATE_CONFLICT"],
  ["TooLong", "API_REJECTED"],
  ["AlreadyExists", "ALREADY_EXISTS"],
  ["CannotBeUsed", "IN_USE"],
  ["AutoscaleInstance", "STATE_CONFLICT"],
  ["AutoscaleConfigured", "ALREADY_EXISTS"],
  ["AutoscaleNotConfigured", "STATE_CONFLICT"],
  ["AutoscaleDisabled", "NOT_SUPPORTED"],
  ["AutoscaleSizeOutOfRange", "API_REJECTED"],
  ["CertCnMismatch", "CERTIFICATE_MISMATCH"],
];

type VolumesResponse = Awaited<ReturnType<Client["deleteVolumes"]>>;

const responseOf = (...items: readonly object[]): VolumesResponse => ({
  items: items as unknown as VolumesResponse["items"],
  message: "Failed to perform all operations",
  metro: "fra",
  requestId: "req-7",
});

const errorOf = (run: () => unknown): UnikernelError => {
  try {
    run();
  } catch (error) {
    if (UnikernelError.is(error)) return error;
    throw error;
  }
  return assert.fail("nothing was thrown");
};

describe("an item error code", () => {
  it("exists for every number from 0", () => {
    assert.deepEqual(
      EXPECTED.map(([name]) => name),
      Object.keys(ITEM_CODES),
    );
    assert.deepEqual(
      EXPECTED.map((_, code) => itemCodeName(code)),
      EXPECTED.map(([name]) => name),
    );
  });

  for (const [number, [name, code]] of EXPECTED.entries()) {
    it(`maps to one of our codes with a hint: ${number} ${name} is ${code}`, () => {
      const item = { status: "error", uuid: "u1", error: number, message: "No way." };
      const error = errorOf(() => onlyItem(responseOf(item), "Deleting volume 'data'"));
      assert.equal(error.code, code);
      assert.ok(code in ERRORS);
      assert.equal(error.message, "Deleting volume 'data' failed: No way (request req-7).");
      assert.match(error.hint ?? "", /^[A-Z].{15,}\.$/, "a hint is a full sentence");
      assert.deepEqual(error.details, {
        metro: "fra",
        requestId: "req-7",
        resource: "u1",
        itemCode: number,
        itemCodeName: name,
      });
    });
  }

  it("means not found for 8 only", () => {
    const gone = Object.entries(ITEM_ERRORS).filter(([, { code }]) => code === "NOT_FOUND");
    assert.deepEqual(
      gone.map(([name]) => name),
      ["NotFound"],
    );
    assert.equal(errorOf(() => onlyItem(responseOf(), "Reading volume 'data'")).code, "API_SHAPE");
  });

  it("is missing after a wait that timed out, whose item has its current state", () => {
    const item = { status: "error", uuid: "u1", name: "one", state: "starting" };
    const error = errorOf(() => onlyItem({ ...responseOf(item), message: "Operation timed out" }, "Waiting for 'one'"));
    assert.equal(error.code, "WAIT_TIMEOUT");
    assert.match(formatError(error), /Waiting for 'one' failed: Operation timed out.*It may still complete/);
  });

  it("is an error if unknown or missing", () => {
    for (const more of [{ error: 99 }, {}]) {
      const error = errorOf(() => onlyItem(responseOf({ status: "error", name: "x", ...more }), "Deleting volume 'x'"));
      assert.equal(error.code, "API_REJECTED");
      assert.match(error.message, /Failed to perform all operations/);
    }
  });
});

describe("a bulk call that fails in part", () => {
  const good = { status: "success", uuid: "u1", name: "one" };

  it("throws one error with all failures and the succeeded items", () => {
    const response = responseOf(
      good,
      { status: "error", name: "two", error: 15, message: "Volume is attached" },
      { status: "error", uuid: "u3", error: 14, message: "Deletion protection enabled" },
    );
    const error = errorOf(() => allItems(response, "Deleting 3 volumes"));
    assert.equal(error.code, "OPERATION_FAILED");
    assert.match(
      formatError(error),
      /2 of 3 failed.*'two' failed: Volume is attached.*'u3' failed: Deletion protection/,
    );
    assert.deepEqual(error.details["succeeded"], [good]);
  });

  it("throws the code that all failures share", () => {
    const attached = (name: string) => ({ status: "error", name, error: 15 });
    assert.equal(errorOf(() => allItems(responseOf(attached("a"), good, attached("b")), "Deleting")).code, "IN_USE");
  });

  it("throws nothing if no item failed", () => {
    assert.deepEqual(allItems(responseOf(good, good), "Deleting"), [good, good]);
  });
});
