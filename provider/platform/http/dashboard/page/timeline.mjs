/** The states of an instance as a bar, whose right end is now. */
import { formatAge } from "./format.mjs";
import { svg } from "./elements.mjs";

const WIDTH = 1000;

/**
 * Where each state begins and ends, in thousandths of the window. Pure.
 *
 * @param {readonly { readonly at: number, readonly state: string }[]} changes oldest first
 * @param {number} now Unix time in milliseconds
 * @param {number} windowMs
 */
export function segments(changes, now, windowMs) {
  const toX = (/** @type {number} */ at) => Math.max(0, (1 - (now - at) / windowMs) * WIDTH);
  return changes
    .map(({ at, state }, index) => ({ state, from: toX(at), to: toX(changes[index + 1]?.at ?? now) }))
    .filter(({ from, to }) => to > from);
}

/**
 * What the bar shows, in words. Pure.
 *
 * @param {readonly { readonly at: number, readonly state: string }[]} changes
 * @param {number} now
 */
export function describeChanges(changes, now) {
  const last = changes.at(-1);
  if (last === undefined) return "No states yet";
  const earlier = changes.length - 1;
  const times = earlier === 1 ? "one change" : `${earlier} changes`;
  return `${last.state} for ${formatAge(now - last.at)}, ${times} before`;
}

/**
 * @param {readonly { readonly at: number, readonly state: string }[]} changes
 * @param {number} now
 * @param {number} windowMs
 */
export function drawTimeline(changes, now, windowMs) {
  const bars = segments(changes, now, windowMs).map(({ state, from, to }) =>
    // A state of a moment is still seen.
    svg("rect", {
      class: `fill-${state}`,
      x: from.toFixed(1),
      y: 0,
      width: Math.max(2, to - from).toFixed(1),
      height: 20,
    }),
  );
  const label = describeChanges(changes, now);
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} 20`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    ...bars,
  );
}
