/** `unikernel ci comment [preview.json]` */
import { parseArguments } from "../../base/commandLineOptions";
import { UnikernelError } from "../../base/errors";
import { formatComment } from "./formatComment";
import { parsePreview } from "./previewDigest";
import { readInput } from "./readInput";

/**
 * Turns the output of `pulumi preview --json`, from a file or from standard input, into Markdown for reviewers; empty if nothing changes.
 * Throws `INPUT_INVALID` for anything else.
 */
export async function comment(args: readonly string[]): Promise<string> {
  const { operands } = parseArguments(args, {});
  const [file = "-", ...others] = operands;
  if (others.length > 0) {
    throw new UnikernelError("INPUT_INVALID", `'ci comment' takes one preview, got ${operands.length}.`, {
      hint: "Name one file, or pipe the output of 'pulumi preview --json' into it.",
    });
  }
  const { text, source } = await readInput(file);
  return formatComment(parsePreview(text, source));
}
