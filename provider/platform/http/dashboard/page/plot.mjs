/** Boot and wake times over the last minutes. The scale is logarithmic: a wake takes milliseconds, an emulated boot seconds. */
import { formatAge, formatMs } from "./format.mjs";
import { svg } from "./elements.mjs";

const HEIGHT = 230;
/** In pixels, so that the text is as large on a phone. */
const MIN_WIDTH = 240;
const MARGIN = { left: 52, right: 10, top: 10, bottom: 24 };

/** The kinds of times, their names, and the outlines of their marks around the origin. */
export const KINDS = [
  { kind: "boot", label: "boot", mark: "M-4-4H4V4H-4Z" },
  { kind: "net", label: "ports ready", mark: "M0-5.5 5.5 4.5H-5.5Z" },
  { kind: "wake", label: "wake", mark: "M0-5.5 5.5 0 0 5.5-5.5 0Z" },
];

/**
 * The powers of ten, in milliseconds, that enclose the times; at least from 1 ms to 10 s. Pure.
 *
 * @param {readonly number[]} times
 */
export function decades(times) {
  const lowest = Math.min(0, Math.floor(Math.log10(Math.max(0.01, Math.min(1, ...times)))));
  const highest = Math.max(4, Math.ceil(Math.log10(Math.max(1, ...times))));
  return Array.from({ length: highest - lowest + 1 }, (_, index) => 10 ** (lowest + index));
}

/**
 * @param {readonly { readonly kind: string, readonly at: number, readonly name: string, readonly ms: number }[]} times
 * @param {{ readonly now: number, readonly windowMs: number, readonly width: number }} view width in pixels
 */
export function drawPlot(times, { now, windowMs, width }) {
  const right = Math.max(MIN_WIDTH, width) - MARGIN.right;
  const ticks = decades(times.map(({ ms }) => ms));
  const [low, high] = [Math.log10(ticks[0] ?? 1), Math.log10(ticks.at(-1) ?? 10_000)];
  const toX = (/** @type {number} */ at) =>
    MARGIN.left + Math.max(0, 1 - (now - at) / windowMs) * (right - MARGIN.left);
  const toY = (/** @type {number} */ ms) =>
    HEIGHT - MARGIN.bottom - ((Math.log10(ms) - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const rows = ticks.flatMap((ms) => [
    svg("line", { x1: MARGIN.left, x2: right, y1: toY(ms), y2: toY(ms) }),
    svg("text", { x: MARGIN.left - 8, y: toY(ms) + 4, "text-anchor": "end" }, formatTick(ms)),
  ]);
  const columns = [1, 0.5, 0].map((part) => {
    const anchor = part === 1 ? "start" : part === 0 ? "end" : "middle";
    const text = part === 0 ? "now" : `${formatAge(part * windowMs)} ago`;
    return svg("text", { x: toX(now - part * windowMs), y: HEIGHT - 6, "text-anchor": anchor }, text);
  });
  const marks = times.map(({ kind, at, name, ms }) => {
    const place = `translate(${toX(at).toFixed(1)} ${toY(Math.max(ms, ticks[0] ?? 1)).toFixed(1)})`;
    const shape = KINDS.find((one) => one.kind === kind);
    const title = `${name}: ${shape?.label ?? kind} ${formatMs(ms)}`;
    return svg("path", { class: kind, d: shape?.mark ?? "", transform: place }, svg("title", {}, title));
  });
  const label = `${times.length} boot and wake times of the last ${formatAge(windowMs)}; the medians are below`;
  return svg(
    "svg",
    { viewBox: `0 0 ${right + MARGIN.right} ${HEIGHT}`, role: "img", "aria-label": label },
    ...rows,
    ...columns,
    ...marks,
  );
}

const formatTick = (/** @type {number} */ ms) => (ms < 1000 ? `${ms} ms` : `${ms / 1000} s`);
