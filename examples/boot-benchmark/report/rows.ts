/** The results, one row for each start, and their CSV. Pure. */
import type { Start } from "../settings";

/** The machine that was measured. */
export interface Machine {
  /** `kvm`, `hvf`, or `tcg` (emulation). */
  readonly accelerator: string;
  readonly vmm: string;
  readonly cpu: string;
  readonly cpus: number;
  readonly hostMemoryMib: number;
  readonly hostKernel: string;
}

/** What all instances of a group have in common. Sizes in bytes; `undefined`: not measured. */
export interface Group {
  readonly kind: string;
  readonly start: Start;
  /** Instances of this group, all of which ran while one of them was started again. */
  readonly count: number;
  readonly memoryMb: number;
  readonly imageBytes: number;
  /** Layers of the container image that the image was built from, as a registry stores them. */
  readonly containerBytes: number | undefined;
  /** Mean over the instances of what their VMs have in memory, in MiB; what several share counts in each. */
  readonly rssMib: number | undefined;
  /** Mean of the proportional share (PSS) in MiB, in which a page that n VMs share counts as one n-th. */
  readonly pssMib: number | undefined;
}

/** `ok`, `timeout`: no first byte in time, or `none supplied`: there is no image of the kind, so nothing was measured. */
export type Outcome = "ok" | "timeout" | "none supplied";

/** One start. Times in milliseconds; `undefined` unless the outcome is `ok`. */
export interface Row extends Group, Machine {
  readonly round: number;
  /** Start value of the random numbers that chose the instance. */
  readonly seed: number;
  readonly instance: string;
  readonly outcome: Outcome;
  /** From the start of the VM until its program ran, as the platform measured it. */
  readonly bootMs: number | undefined;
  /** From the start of the VM until its port accepted connections, as the platform measured it. */
  readonly reachableMs: number | undefined;
  /** From the request that starts the instance to the first byte of the response to an HTTP request, at the client. */
  readonly firstByteMs: number | undefined;
}

/** Columns in their order. */
const COLUMNS = [
  ["kind", "text"],
  ["start", "text"],
  ["count", "number"],
  ["round", "number"],
  ["seed", "number"],
  ["instance", "text"],
  ["outcome", "text"],
  ["bootMs", "number"],
  ["reachableMs", "number"],
  ["firstByteMs", "number"],
  ["memoryMb", "number"],
  ["imageBytes", "number"],
  ["containerBytes", "number"],
  ["rssMib", "number"],
  ["pssMib", "number"],
  ["accelerator", "text"],
  ["vmm", "text"],
  ["cpu", "text"],
  ["cpus", "number"],
  ["hostMemoryMib", "number"],
  ["hostKernel", "text"],
] as const satisfies readonly (readonly [keyof Row, "text" | "number"])[];

/** CSV of the rows, as RFC 4180 has it but for its line ends, which are those of this system's tools. */
export function toCsv(rows: readonly Row[]): string {
  const line = (cells: readonly (string | number | undefined)[]): string => `${cells.map(toCell).join(",")}\n`;
  const header = line(COLUMNS.map(([name]) => name));
  return header + rows.map((row) => line(COLUMNS.map(([name]) => row[name]))).join("");
}

function toCell(value: string | number | undefined): string {
  const text = typeof value === "number" ? String(Math.round(value * 10) / 10) : (value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The rows of such a CSV. Throws if a line does not have the columns. */
export function fromCsv(text: string): readonly Row[] {
  const [header = [], ...lines] = parseCells(text);
  if (header.join() !== COLUMNS.map(([name]) => name).join()) {
    throw new Error("The file does not have the columns of this benchmark: move it away and measure again.");
  }
  return lines.map((cells) => {
    if (cells.length !== COLUMNS.length)
      throw new Error(`A line has ${cells.length} cells instead of ${COLUMNS.length}.`);
    const values = COLUMNS.map(([name, type], index) => {
      const cell = cells[index] ?? "";
      return [name, cell === "" ? undefined : type === "number" ? Number(cell) : cell] as const;
    });
    return Object.fromEntries(values) as unknown as Row; // the columns are its members
  });
}

function parseCells(text: string): readonly (readonly string[])[] {
  const lines: string[][] = [[]];
  for (const [, quoted, plain = "", end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
    if (end === "" && quoted === undefined && plain === "") break; // after the last line
    lines.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === "\n") lines.push([]);
  }
  return lines.filter((cells) => cells.length > 0);
}

/**
 * Rows of other groups stay; those of a group that was measured again are replaced. Sorted by group.
 *
 * Throws if the older rows are of another machine, accelerator or QEMU: one picture would compare what cannot be compared.
 */
export function mergeRows(older: readonly Row[], newer: readonly Row[]): readonly Row[] {
  const machineOf = ({ accelerator, vmm, cpu, cpus }: Machine): string => `${accelerator}, ${vmm}, ${cpus} × ${cpu}`;
  const [before, now] = [older[0], newer[0]];
  if (before !== undefined && now !== undefined && machineOf(before) !== machineOf(now)) {
    throw new Error(
      `The older results are of '${machineOf(before)}', these are of '${machineOf(now)}': move the older file away and measure again.`,
    );
  }
  const replaced = new Set(newer.map(groupName));
  const all = [...older.filter((row) => !replaced.has(groupName(row))), ...newer];
  const supplied = new Set(all.filter(({ outcome }) => outcome !== "none supplied").map(({ kind }) => kind));
  const rows = all.filter(({ kind, outcome }) => outcome !== "none supplied" || !supplied.has(kind));
  const order = (row: Row): readonly [string, string, number] => [row.kind, row.start, row.count];
  return rows.sort((a, b) => {
    const [x, y] = [order(a), order(b)];
    return x[0].localeCompare(y[0]) || x[1].localeCompare(y[1]) || x[2] - y[2] || a.round - b.round;
  });
}

/** Names the group of a row, such as `linux boot 50`. */
export const groupName = ({ kind, start, count }: Pick<Group, "kind" | "start" | "count">): string =>
  `${kind} ${start} ${count}`;
