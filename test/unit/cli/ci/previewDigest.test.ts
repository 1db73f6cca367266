import assert from "node:assert/strict";
import { UnikernelError, formatError } from "../../../../provider/base/errors";
import { kindOf, parsePreview, splitUrn } from "../../../../provider/cli/ci/previewDigest";
import { previewOf, previewStep, recordedPreview } from "../../../support/previewJson";

const EXPECTED =
  "preview.json is not the object that 'pulumi preview --json' of Pulumi 3 prints (tested with 3.259.0): ";
const ADVICE = " Write it with such a version, without PULUMI_ENABLE_STREAMING_JSON_PREVIEW.";

const FAILED = " If the preview has failed, its own error says why; stdout has to be nothing but the object.";

/** The problem in the one message, before the advice. */
function problemOf(text: string, advice = ADVICE): string {
  try {
    parsePreview(text, "preview.json");
  } catch (error) {
    assert.ok(UnikernelError.has(error, "INPUT_INVALID"));
    const message = formatError(error);
    assert.ok(message.startsWith(`INPUT_INVALID: ${EXPECTED}`) && message.endsWith(`.${advice}`), message);
    return message.slice("INPUT_INVALID: ".length + EXPECTED.length, -advice.length);
  }
  return "none";
}

describe("a preview as JSON", () => {
  it("is read as Pulumi 3.259.0 prints it, also with members of later releases", () => {
    const { steps } = parsePreview(recordedPreview("image"), "preview.json");
    assert.equal(steps.filter(({ op }) => op === "update").length, 3);
    assert.deepEqual(parsePreview('{"duration":1,"news":true}', "preview.json").steps, []);
  });

  it("of another form is rejected in one sentence that says what works", () => {
    const event = '{"sequence":0,"timestamp":1,"preludeEvent":{"config":{}}}';
    assert.equal(problemOf(event), "it is a stream of engine events.");
    assert.equal(problemOf(`${event}\n${event}\n`), "it is a stream of engine events.");
    assert.equal(problemOf("", FAILED), "it is empty.");
    assert.equal(problemOf("Previewing update (test)", FAILED), "it is not JSON.");
    assert.equal(problemOf("[]"), "it differs.");
    assert.equal(problemOf('{"version":4,"resources":[]}'), "it differs at 'duration'.");
    assert.equal(problemOf('{"duration":1,"steps":{}}'), "it differs at 'steps'.");
    assert.equal(problemOf(previewOf([previewStep("rename", "web")])), "it differs at 'steps.0.op'.");
    assert.equal(problemOf('{"duration":1,"steps":[{"op":"update","urn":"web"}]}'), "it differs at 'steps.0.urn'.");
  });
});

describe("a URN", () => {
  it("has the type of the resource after those of its parents, and a name that may hold colons", () => {
    assert.deepEqual(splitUrn("urn:pulumi:dev::shop::acme:web:Site$unikernel:index:Service::web::eu"), {
      stack: "dev",
      project: "shop",
      type: "unikernel:index:Service",
      name: "web::eu",
    });
  });

  it("tells our kinds from those of other packages", () => {
    assert.equal(kindOf("pulumi-nodejs:dynamic/unikernel:Volume"), "Volume");
    assert.equal(kindOf("unikernel:index:Volume"), "Volume");
    for (const other of ["pulumi-nodejs:dynamic:Resource", "kubernetes:core/v1:Pod", "unikernel:other:X", ""])
      assert.equal(kindOf(other), undefined, other);
  });
});
