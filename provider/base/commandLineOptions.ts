/** Parses command-line options. */
import { parseArgs } from "node:util";
import { UnikernelError } from "./errors";

/** `switch`: a boolean without a value. `list`: takes a value and may be repeated. */
type OptionKind = "switch" | "list";

/** Values of the options, by name without `--`. */
export type ParsedOptions<O extends Readonly<Record<string, OptionKind>>> = {
  readonly [K in keyof O]: O[K] extends "switch" ? boolean : readonly string[];
};

/**
 * Parses options. Throws `INPUT_INVALID` for an unknown option, a missing value or a positional argument.
 *
 * @param known the options by name, without `--`
 */
export function parseOptions<const O extends Readonly<Record<string, OptionKind>>>(
  args: readonly string[],
  known: O,
): ParsedOptions<O> {
  const options = Object.fromEntries(
    Object.entries(known).map(([name, kind]) => [
      name,
      kind === "switch" ? { type: "boolean" as const } : { type: "string" as const, multiple: true },
    ]),
  );
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    const parsed = Object.entries(known).map(([name, kind]) => [
      name,
      kind === "switch" ? values[name] === true : (values[name] ?? []),
    ]);
    return Object.fromEntries(parsed) as ParsedOptions<O>; // one entry per option, typed by its kind
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split(". ")[0] ?? "") : String(error);
    throw new UnikernelError("INPUT_INVALID", `${reason.replace(/\.$/, "")}.`, { hint: "See 'unikernel --help'." });
  }
}
