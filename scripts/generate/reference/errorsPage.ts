/** The page of error codes, and the tables of codes on other pages. */
import { ERRORS, type ErrorCode } from "../../../provider/base/errorCodes";
import { code, page, table } from "./markdown";

/** Errors of any resource and any function. */
export const COMMON_ERRORS: readonly ErrorCode[] = [
  "CONFIG_INVALID",
  "INPUT_INVALID",
  "API_UNREACHABLE",
  "API_UNAUTHORIZED",
  "API_SHAPE",
  "API_REJECTED",
  "DAEMON_FAILED",
  "NO_SPACE",
  "BUG",
];

const codeLink = (name: ErrorCode): string => `[${code(name)}](errors.md#${name.toLowerCase()})`;

/** A table of codes and their meanings. */
export const errorTable = (codes: readonly ErrorCode[]): string =>
  table(
    ["Code", "Meaning"],
    codes.map((name) => [codeLink(name), ERRORS[name].summary]),
  );

/** The page `errors.md`. */
export function errorsPage(): string {
  const codes = Object.keys(ERRORS) as readonly ErrorCode[]; // the keys of a constant table
  const sections = codes.map((name) => {
    const { summary, cause, fix } = ERRORS[name];
    return `## ${name}\n\n${summary}\n\n- **Cause:** ${cause}\n- **Fix:** ${fix}`;
  });
  return page(
    "# Error codes",
    "An error reads `CODE: property: what was attempted and why it failed. What to do.` Codes are stable and safe to match; texts may change.",
    "A preview lists all problems in the inputs of a resource together, each in this form. Most are `INPUT_INVALID`, or for an image `CONTEXT_INVALID` or `KRAFTFILE_INVALID`.",
    `## Any operation\n\n${errorTable(COMMON_ERRORS)}`,
    ...sections,
  );
}
