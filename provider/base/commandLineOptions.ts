/** Options of a command line. */
import { parseArgs } from "node:util";
import { UnikernelError } from "./errors";

/** `switch`: given or not. `list`: takes a value, and may be given several times. */
type OptionKind = "switch" | "list";

/** What was given, by name. */
export type ParsedOptions<O extends Readonly<Record<string, OptionKind>>> = {
  readonly [K in keyof O]: O[K] extends "switch" ? boolean : readonly string[];
};

/**
 * Which of the known options were given. Throws `INPUT_INVALID` for anything else.
 *
 * @param known names without `--`
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
    const given = Object.entries(known).map(([name, kind]) => [
      name,
      kind === "switch" ? values[name] === true : (values[name] ?? []),
    ]);
    return Object.fromEntries(given) as ParsedOptions<O>; // one entry per known name, of the type of its kind
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split(". ")[0] ?? "") : String(error);
    throw new UnikernelError("INPUT_INVALID", `${reason.replace(/\.$/, "")}.`, { hint: "See 'unikernel --help'." });
  }
}
