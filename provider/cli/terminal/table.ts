/** Tables for people: aligned columns, without lines. */
import { styleText } from "node:util";

/** A style of Node's `styleText`. */
export type Style = "green" | "yellow" | "red" | "dim";

/** A cell of a table; a plain string has no style. */
export type Cell = string | { readonly text: string; readonly style: Style };

const textOf = (cell: Cell): string => (typeof cell === "string" ? cell : cell.text);

/**
 * A table with a header. Columns are two spaces apart and no line ends with a space. Styles are only shown on a terminal, and
 * never with `NO_COLOR`.
 *
 * @param header the names of the columns, in capitals
 * @param rows as many cells each as the header has
 */
export function formatTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => textOf(row[column] ?? "").length)),
  );
  const toLine = (cells: readonly Cell[]): string =>
    cells
      .map((cell, column) => {
        const isLast = column === cells.length - 1;
        const padding = isLast ? "" : " ".repeat((widths[column] ?? 0) - textOf(cell).length + 2);
        return styled(cell) + padding;
      })
      .join("")
      .trimEnd();
  return [header, ...rows].map(toLine).join("\n");
}

/** The text of a cell, with its style where the terminal shows one. */
export function styled(cell: Cell): string {
  if (typeof cell === "string") return cell;
  return styleText(cell.style, cell.text, { stream: process.stdout });
}
