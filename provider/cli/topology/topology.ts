/** `unikernel topology [export.json]` */
import { parseArguments } from "../../base/commandLineOptions";
import { UnikernelError } from "../../base/errors";
import { readInput } from "../ci/readInput";
import { layOut } from "./layout";
import { parseStackExport, type StackResource } from "./stackExport";
import { stackGraph } from "./stackGraph";
import { topologySvg } from "./svg";

/**
 * Draws the resources of a stack, from the output of `pulumi stack export` in a file or on standard input. Prints SVG, which has no secrets.
 * Throws `INPUT_INVALID` for anything else.
 */
export async function topology(args: readonly string[]): Promise<string> {
  const { operands } = parseArguments(args, {});
  const [file = "-", ...others] = operands;
  if (others.length > 0) {
    throw new UnikernelError("INPUT_INVALID", `'topology' takes one export of a stack, got ${operands.length}.`, {
      hint: "Name one file, or pipe the output of 'pulumi stack export' into it.",
    });
  }
  const { text, source } = await readInput(file, { writer: "pulumi stack export" });
  return drawTopology(parseStackExport(text, source));
}

/** The picture of a stack as SVG, without a newline at its end. The same resources give the same text. */
export function drawTopology(resources: readonly StackResource[]): string {
  const graph = stackGraph(resources);
  return topologySvg(layOut(graph), `Topology of ${graph.project === "" ? "an empty stack" : graph.project}`);
}
