/** The picture of the results: an SVG that follows the reader's light or dark colours. Pure. */
import { type Outcome, type Row, groupName } from "./rows";
import { type Summary, summarise } from "./statistics";

const WIDTH = 960;
/** Left edge and width of the time axis; the labels of groups are left of it, the figures of a group right. */
const AXIS = { left: 190, width: 470 } as const;
const FIGURES_LEFT = AXIS.left + AXIS.width + 28;
const TOP = 108;
const ROW_HEIGHT = 74;
const LANE_HEIGHT = 22;
const BOX_HEIGHT = 14;
const MAX_TICKS = 6;
const MIB = 2 ** 20;

/** What is drawn of each group, one lane each. */
const LANES = [
  { value: "reachableMs", className: "reachable", label: "reachable: from the start of the VM until its port accepts connections" },
  { value: "firstByteMs", className: "byte", label: "first byte: from the request to start until the response begins, at the client" },
] as const; // prettier-ignore

const STYLE = `
    svg { --paper: #ffffff; --ink: #1f2328; --quiet: #656d76; --grid: #d8dee4; --reachable: #0969da; --byte: #bc4c00; }
    @media (prefers-color-scheme: dark) {
      svg { --paper: #0d1117; --ink: #e6edf3; --quiet: #8d96a0; --grid: #30363d; --reachable: #58a6ff; --byte: #f0883e; }
    }
    text { font: 13px system-ui, sans-serif; fill: var(--ink); }
    .title { font-size: 17px; font-weight: 600; }
    .quiet { font-size: 12px; fill: var(--quiet); }
    .strong { font-weight: 600; }
    .grid { stroke: var(--grid); }
    .reachable { --lane: var(--reachable); }
    .byte { --lane: var(--byte); }
    .box { fill: var(--lane); fill-opacity: 0.18; stroke: var(--lane); }
    .line { stroke: var(--lane); }
    .median { stroke: var(--lane); stroke-width: 2.5; }
    .dot { fill: var(--lane); fill-opacity: 0.55; }
    .value { font-size: 12px; fill: var(--lane); }`;

/**
 * Draws, for each group of rows, every time and a box of its quartiles with whiskers to the shortest and the longest, and beside it what its
 * image and its memory take. Starts without a first byte are counted, and so is what was not supplied.
 */
export function plot(rows: readonly Row[]): string {
  const groups = [...Map.groupBy(rows, groupName).values()];
  const measured = groups.filter(([first]) => first?.outcome !== "none supplied");
  const missing = rows.filter(({ outcome }) => outcome === "none supplied");
  const longest = Math.max(1, ...rows.flatMap(({ reachableMs, firstByteMs }) => [reachableMs ?? 0, firstByteMs ?? 0]));
  const axis = timeAxis(longest);
  const bottom = TOP + measured.length * ROW_HEIGHT;
  const notes = [
    ...missing.map(({ kind }) => `${kind}: none supplied, so there is nothing to compare with.`),
    ...describeMachines(rows),
    "Box: quartiles and median. Whiskers: shortest and longest. Points: every start.",
  ];
  const height = bottom + 52 + notes.length * 18;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `  <title>Time to start one instance again while the others run</title>`,
    `  <style>${STYLE}\n  </style>`,
    `  <rect width="${WIDTH}" height="${height}" fill="var(--paper)"/>`,
    text(24, 32, "Time to start one instance again while the others run", "title"),
    ...LANES.flatMap(({ className, label }, index) => [
      `  <rect class="${className} box" x="24" y="${46 + index * 20}" width="14" height="10"/>`,
      text(46, 56 + index * 20, label, "quiet"),
    ]),
    ...axis.ticks.flatMap((ms) => [
      `  <line class="grid" x1="${axis.x(ms)}" x2="${axis.x(ms)}" y1="${TOP - 8}" y2="${bottom}"/>`,
      text(axis.x(ms), bottom + 18, axis.label(ms), "quiet", "middle"),
    ]),
    ...measured.flatMap((group, index) => drawGroup(group, TOP + index * ROW_HEIGHT, axis.x)),
    ...notes.map((note, index) => text(24, bottom + 48 + index * 18, note, "quiet")),
    "</svg>",
    "",
  ].join("\n");
}

function drawGroup(rows: readonly Row[], top: number, x: (ms: number) => number): readonly string[] {
  const [first] = rows;
  if (first === undefined) return [];
  const { kind, start, count } = first;
  const countOf = (outcome: Outcome): number => rows.filter((row) => row.outcome === outcome).length;
  const late = countOf("timeout");
  const starts = `${rows.length} ${rows.length === 1 ? "start" : "starts"}${late === 0 ? "" : `, ${late} without a first byte`}`;
  const name = start === "clone" ? `${count} clones` : `${count} instances`;
  return [
    `  <line class="grid" x1="24" x2="${WIDTH - 24}" y1="${top}" y2="${top}"/>`,
    text(24, top + 28, `${kind}, ${name}`, "strong"),
    text(24, top + 48, starts, "quiet"),
    ...figuresOf(first).map((figure, index) => text(FIGURES_LEFT, top + 22 + index * 18, figure, "quiet")),
    ...LANES.flatMap(({ value, className }, index) =>
      drawLane(rows.map((row) => row[value]).filter((ms) => ms !== undefined), className, top + 14 + index * (LANE_HEIGHT + 4), x),
    ), // prettier-ignore
  ];
}

function drawLane(
  sample: readonly number[],
  className: string,
  top: number,
  x: (ms: number) => number,
): readonly string[] {
  if (sample.length === 0) return [];
  const summary: Summary = summarise(sample);
  const { min, lowerQuartile, median, upperQuartile, max } = summary;
  const middle = top + LANE_HEIGHT / 2;
  const line = (from: number, to: number, y1: number, y2: number, kind: string): string =>
    `    <line class="${kind}" x1="${x(from)}" x2="${x(to)}" y1="${y1}" y2="${y2}"/>`;
  const [boxTop, boxBottom] = [middle - BOX_HEIGHT / 2, middle + BOX_HEIGHT / 2];
  const width = Math.max(1, round(x(upperQuartile) - x(lowerQuartile)));
  return [
    `  <g class="${className}">`,
    line(min, lowerQuartile, middle, middle, "line"),
    line(upperQuartile, max, middle, middle, "line"),
    `    <rect class="box" x="${x(lowerQuartile)}" y="${boxTop}" width="${width}" height="${BOX_HEIGHT}"/>`,
    ...sample.map(
      (ms, index) => `    <circle class="dot" cx="${x(ms)}" cy="${middle + ((index % 5) - 2) * 2}" r="2"/>`,
    ),
    line(median, median, boxTop - 2, boxBottom + 2, "median"),
    `  ${text(x(max) + 8, middle + 4, `median ${describeMs(median)}`, "value")}`,
    "  </g>",
  ];
}

/** What the image and the memory of a group take, one line each. */
function figuresOf({ imageBytes, containerBytes, rssMib, pssMib, memoryMb }: Row): readonly string[] {
  const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
  const container =
    containerBytes === undefined ? "container image not measured" : `container image ${mib(containerBytes)}`;
  const memory = [`RSS ${whole(rssMib)}`, `PSS ${whole(pssMib)}`].join(", ");
  return [`image ${mib(imageBytes)}; ${container}`, `memory ${memory} MiB`, `of a guest with ${memoryMb} MiB`];
}

const whole = (value: number | undefined): string => (value === undefined ? "?" : value.toFixed(0));

/** Each machine on which rows were measured. */
function describeMachines(rows: readonly Row[]): readonly string[] {
  const accelerators: Readonly<Record<string, string>> = {
    tcg: "emulation (TCG), no hardware virtualisation",
    kvm: "KVM",
  };
  return [
    ...new Set(
      rows.map(
        ({ accelerator, vmm, cpu, cpus, hostMemoryMib, hostKernel }) =>
          `${accelerators[accelerator] ?? accelerator}, ${vmm}; ${cpus} × ${cpu}, ${(hostMemoryMib / 1024).toFixed(0)} GiB, ${hostKernel}`,
      ),
    ),
  ];
}

/** A linear axis from 0, because ratios of lengths are to be read as ratios of times. */
function timeAxis(longestMs: number) {
  const steps = [1, 2, 5].flatMap((digit) => [0, 1, 2, 3, 4].map((power) => digit * 10 ** power)).sort((a, b) => a - b);
  const step = steps.find((one) => longestMs / one <= MAX_TICKS) ?? longestMs;
  const end = longestMs * 1.2; // room for the label of the longest
  const ticks = Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step);
  const x = (ms: number): number => round(AXIS.left + (ms / end) * AXIS.width);
  return { x, ticks, label: (ms: number): string => (ms === 0 ? "0" : ms < 1000 ? `${ms} ms` : `${ms / 1000} s`) };
}

const describeMs = (ms: number): string => (ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`);

const round = (value: number): number => Math.round(value * 100) / 100;

function text(x: number, y: number, content: string, className: string, anchor = "start"): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const anchored = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
  return `  <text class="${className}" x="${x}" y="${y}"${anchored}>${escaped}</text>`;
}
