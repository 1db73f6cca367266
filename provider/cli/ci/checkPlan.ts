/** `unikernel ci check-plan <plan.json> [preview.json]` */
import { parseArguments } from "../../base/commandLineOptions";
import { UnikernelError } from "../../base/errors";
import { type CommandResult, ExitCode } from "../command";
import { comparePlan } from "./comparePlan";
import { parsePreview } from "./previewDigest";
import { readInput } from "./readInput";
import { parsePlan } from "./savedPlan";

/**
 * Tells whether `pulumi up --plan` would accept a saved plan, from the output of a current `pulumi preview --json --show-sames`, which is
 * read from a file or from standard input. The exit code is 0 if so, and 1 with one line per resource if not. Throws `INPUT_INVALID`,
 * exit code 2, for other files.
 */
export async function checkPlan(args: readonly string[]): Promise<CommandResult> {
  const { operands } = parseArguments(args, {});
  const [planFile, previewFile = "-", ...others] = operands;
  if (planFile === undefined || planFile === "-" || others.length > 0) {
    throw new UnikernelError("INPUT_INVALID", "'ci check-plan' takes a saved plan and a preview.", {
      hint: "Use it as 'pulumi preview --json --show-sames | unikernel ci check-plan plan.json'.",
    });
  }
  const plan = await readInput(planFile, { writer: "pulumi preview --save-plan" });
  const preview = await readInput(previewFile);
  const violations = comparePlan(parsePlan(plan.text, plan.source), parsePreview(preview.text, preview.source));
  if (violations.length === 0) return { text: "The plan still applies.", exitCode: ExitCode.success };
  const lines = violations.map(({ subject, reason }) => `${subject} ${reason}`);
  return { text: ["The plan no longer applies:", ...lines].join("\n"), exitCode: ExitCode.failure };
}
