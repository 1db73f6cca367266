import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { UnikernelError } from "../../../../provider/base/errors";
import { checkPlan } from "../../../../provider/cli/ci/checkPlan";
import { STACK_URN, previewOf, previewStep, recordedPlan, recordedPreview, urnFor } from "../../../support/previewJson";

describe("unikernel ci check-plan", () => {
  let folder: string;
  const at = (name: string): string => path.join(folder, name);
  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-plan-"));
    const resourcePlans = { [urnFor("web")]: { steps: ["update"], goal: { parent: STACK_URN } } };
    await fs.writeFile(at("plan.json"), JSON.stringify({ manifest: { version: "v3.259.0" }, resourcePlans }));
    await fs.writeFile(at("preview.json"), previewOf([previewStep("update", "web")]));
    await fs.writeFile(at("replaced.json"), previewOf([previewStep("replace", "web")]));
  });
  after(() => fs.rm(folder, { recursive: true }));

  it("exits with 0 if the plan still applies, and with 1 and the reasons if not", async () => {
    assert.deepEqual(await checkPlan([at("plan.json"), at("preview.json")]), {
      text: "The plan still applies.",
      exitCode: 0,
    });
    assert.deepEqual(await checkPlan([at("plan.json"), at("replaced.json")]), {
      text: "The plan no longer applies:\nInstance 'web' was to be updated, and would be replaced now.",
      exitCode: 1,
    });
  });

  it("compares plans and previews of Pulumi 3.215.0 too", async () => {
    const plan = recordedPlan("pulumi-3.215.0");
    await fs.writeFile(at("old.json"), recordedPreview("pulumi-3.215.0"));
    assert.equal((await checkPlan([plan, at("old.json")])).exitCode, 0);
    await fs.writeFile(
      at("grown.json"),
      recordedPreview("pulumi-3.215.0").replaceAll('"sizeMb": 128', '"sizeMb": 256'),
    );
    assert.deepEqual(await checkPlan([plan, at("grown.json")]), {
      text: "The plan no longer applies:\nVolume 'data' has other values than in the plan: sizeMb.",
      exitCode: 1,
    });
  });

  it("rejects a command line without a plan, and files that are none", async () => {
    const isInvalid = (error: unknown): boolean => UnikernelError.has(error, "INPUT_INVALID");
    for (const args of [
      [],
      ["-"],
      ["a", "b", "c"],
      [at("preview.json"), at("preview.json")],
      [at("plan.json"), at("plan.json")],
    ])
      await assert.rejects(checkPlan(args), isInvalid, args.join(" "));
  });
});
