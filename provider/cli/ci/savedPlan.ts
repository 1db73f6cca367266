/**
 * What `pulumi preview --save-plan` writes. Pure.
 *
 * Source: pulumi/pulumi v3.259.0, `sdk/go/common/apitype/plan.go` (`DeploymentPlanV1`).
 */
import * as z from "zod";
import { UnikernelError } from "../../base/errors";
import { differenceOf, TESTED_PULUMI } from "./previewDigest";

const inputDiff = z.object({
  adds: z.record(z.string(), z.unknown()).default({}),
  updates: z.record(z.string(), z.unknown()).default({}),
  deletes: z.array(z.string()).default([]),
});

const goal = z.object({
  inputDiff: inputDiff.prefault({}),
  parent: z.string().default(""),
  provider: z.string().default(""),
  protect: z.boolean().default(false),
  dependencies: z.array(z.string()).nullish(),
});

const plan = z.object({
  manifest: z.object({ version: z.string() }),
  config: z.record(z.string(), z.unknown()).default({}),
  resourcePlans: z.record(
    z.string(),
    z.object({
      goal: goal.nullish(),
      steps: z
        .array(z.string())
        .nullish()
        .transform((steps) => steps ?? []),
    }),
  ),
});

/** A saved plan. Secret values are encrypted, unknown ones are a UUID. */
export type SavedPlan = z.output<typeof plan>;
/** The plan for one resource. */
export type ResourcePlan = SavedPlan["resourcePlans"][string];

/**
 * Reads a saved plan. Throws `INPUT_INVALID` with one sentence for anything else.
 *
 * @param source where the text is from, such as `plan.json`
 */
export function parsePlan(text: string, source: string): SavedPlan {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw planError(source, "it is not JSON");
  }
  const parsed = plan.safeParse(json);
  if (!parsed.success) throw planError(source, differenceOf(parsed.error));
  return parsed.data;
}

const planError = (source: string, problem: string): UnikernelError =>
  new UnikernelError(
    "INPUT_INVALID",
    `${source} is not a plan of Pulumi 3 (tested with ${TESTED_PULUMI}): ${problem}.`,
    { hint: "Write it with 'pulumi preview --save-plan'." },
  );
