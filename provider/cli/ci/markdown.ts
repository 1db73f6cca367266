/** Markdown as GitHub and GitLab show it, from texts that anybody may have written. Pure. */

/** Characters that Markdown or HTML would read. A backslash also prevents references in GitLab, such as `!7` and `%7`, but none in GitHub. */
const SPECIAL = /[\\`*_{}[\]<>#|~&$!%]/g;

/** Within the text, after it is escaped, where GitHub would find a mention, an issue (`#7`, `GH-7`) or an address. */
const REFERENCE = /@(?=\w)|#(?=\d)|\bGH(?=-\d)|:(?=\/\/)|\bwww(?=\.)/gi;

/** The text on one line, shown as it is. It mentions nobody, refers to no issue and links to nothing. */
export const escapeMarkdown = (text: string): string =>
  oneLine(text).replace(SPECIAL, "\\$&").replace(REFERENCE, "$&<!-- -->");

/** The text in a code span, also in a cell of a table. */
export function codeSpan(text: string): string {
  const content = oneLine(text).replaceAll("|", "\\|");
  const longest = Math.max(0, ...[...content.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const padding = content.startsWith("`") || content.endsWith("`") || content === "" ? " " : "";
  return `${fence}${padding}${content}${padding}${fence}`;
}

/** At most so many characters, with an ellipsis for the rest. */
export const shorten = (text: string, maxLength: number): string =>
  text.length <= maxLength ? text : `${text.slice(0, maxLength - 1).toWellFormed()}…`;

/** Line breaks and control characters, which end a cell or hide text, become spaces. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ");

/** A table of cells that are Markdown already. */
export const markdownTable = (header: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  `| ${header.join(" | ")} |`.replace("|  |", "| |"),
  `|${" --- |".repeat(header.length)}`,
  ...rows.map((cells) => `| ${cells.join(" | ")} |`),
];
