/** Parses command-line options. */
import { parseArgs } from "node:util";
import { UnikernelError, isError } from "./errors";
import { closestMatch } from "./spelling";

/** What the hints for invalid options lead to. */
export const HELP_COMMAND = "'unikernel --help'";

/** `switch`: a boolean without a value. `list`: takes a value and may be repeated. */
type OptionKind = "switch" | "list";

/** Values of the options, by name without `--`. */
export type ParsedOptions<O extends Readonly<Record<string, OptionKind>>> = {
  readonly [K in keyof O]: O[K] extends "switch" ? boolean : readonly string[];
};

/** A command line: its options, and what is not an option. */
export interface ParsedArguments<O extends Readonly<Record<string, OptionKind>>> {
  readonly options: ParsedOptions<O>;
  /** In their order, such as the names of instances. */
  readonly operands: readonly string[];
}

/**
 * Parses options. Throws `INPUT_INVALID` for an unknown option, a missing value or a positional argument.
 *
 * @param known the options by name, without `--`
 */
export const parseOptions = <const O extends Readonly<Record<string, OptionKind>>>(
  args: readonly string[],
  known: O,
): ParsedOptions<O> => parse(args, known, {}, false).options;

/**
 * Parses options and operands, in any order. Throws `INPUT_INVALID` for an unknown option or a missing value.
 *
 * @param known the options by name, without `--`
 * @param short one-letter forms of options by their name, without `-`
 */
export const parseArguments = <const O extends Readonly<Record<string, OptionKind>>>(
  args: readonly string[],
  known: O,
  short: { readonly [K in keyof O]?: string } = {},
): ParsedArguments<O> => parse(args, known, short, true);

function parse<O extends Readonly<Record<string, OptionKind>>>(
  args: readonly string[],
  known: O,
  short: Readonly<Record<string, string | undefined>>,
  allowPositionals: boolean,
): ParsedArguments<O> {
  const options = Object.fromEntries(
    Object.entries(known).map(([name, kind]) => {
      const letter = short[name];
      const form = kind === "switch" ? { type: "boolean" as const } : { type: "string" as const, multiple: true };
      return [name, letter === undefined ? form : { ...form, short: letter }];
    }),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, strict: true, allowPositionals });
    const parsed = Object.entries(known).map(([name, kind]) => [
      name,
      kind === "switch" ? values[name] === true : (values[name] ?? []),
    ]);
    // One entry per option, typed by its kind.
    return { options: Object.fromEntries(parsed) as ParsedOptions<O>, operands: positionals };
  } catch (error) {
    const reason = isError(error) ? (error.message.split(". ")[0] ?? "") : String(error);
    const unknown = /^Unknown option '--([^']+)'/.exec(reason)?.[1];
    const similar = unknown === undefined ? undefined : closestMatch(unknown, Object.keys(known));
    throw new UnikernelError("INPUT_INVALID", `${reason.replace(/\.$/, "")}.`, {
      hint: `${similar === undefined ? "" : `Did you mean '--${similar}'? `}See ${HELP_COMMAND}.`,
    });
  }
}
