/** The Markdown constructs of the reference pages. */

/** First line of every generated page. */
export const GENERATED_NOTE = "<!-- Written by `npm run generate`. Do not edit. -->";

/** Formats text as code. */
export const code = (text: string): string => `\`${text}\``;

/** A link to a heading of the same page. */
export const anchorLink = (heading: string): string => `[${code(heading)}](#${heading.toLowerCase()})`;

/** A table; empty when there are no rows. Escapes `|`, which would end a cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A page from its parts, omitting empty ones. */
export const page = (...parts: readonly string[]): string =>
  `${[GENERATED_NOTE, ...parts.filter((part) => part !== "")].join("\n\n")}\n`;
