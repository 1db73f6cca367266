/** A topology picture as SVG, readable on a light and on a dark page. Pure. */
import { CARD_TEXT } from "./cards";
import type { NodeKind } from "./graph";
import type { Layout, PlacedEdge, PlacedNode, Point } from "./layout";

/** Colours of a scheme: page, card, text, faint text, line; then one per kind of node. */
type Scheme = Readonly<Record<"page" | "card" | "text" | "faint" | "line" | NodeKind, string>>;

const LIGHT: Scheme = {
  ...{ page: "#ffffff", card: "#f6f8fa", text: "#1f2328", faint: "#59636e", line: "#818b98" },
  ...{
    entry: "#0969da",
    workload: "#1a7f37",
    image: "#8250df",
    storage: "#9a6700",
    network: "#0b7285",
    stack: "#bf3989",
  },
};
const DARK: Scheme = {
  ...{ page: "#0d1117", card: "#161b22", text: "#f0f6fc", faint: "#9198a1", line: "#656c76" },
  ...{
    entry: "#4493f8",
    workload: "#3fb950",
    image: "#ab7df8",
    storage: "#d29922",
    network: "#39c5cf",
    stack: "#db61a2",
  },
};
const KINDS: readonly NodeKind[] = ["entry", "workload", "image", "storage", "network", "stack"];

/** Distance between the cards of a pile, in CSS pixels, and how many it shows. */
const [PILE_STEP, PILE_MAX] = [4, 3];

/** From the end of a line that leads down to the baseline of its label, which is above the card. */
const LABEL_ABOVE = 32;

/**
 * The document. It needs no font, script or file, and follows the viewer's light or dark scheme.
 *
 * @param title what the picture shows, for screen readers
 */
export function topologySvg({ width, height, nodes, edges }: Layout, title: string): string {
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="title">`,
    `<title id="title">${escapeXml(title)}</title>`,
    "<style>",
    "text { font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; font-size: 11px; }",
    "path { fill: none; stroke-width: 1.5; } .dashed { stroke-dasharray: 4 3; } .name { font-size: 13px; font-weight: 600; }",
    rules(LIGHT),
    `@media (prefers-color-scheme: dark) {\n${rules(DARK)}\n}`,
    "</style>",
    `<rect class="page" width="${width}" height="${height}" rx="8"/>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">' +
      '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
    ...edges.map(linePath),
    ...nodes.map(cardGroup),
    ...edges.flatMap(labelTexts),
    "</svg>",
    "",
  ].join("\n");
}

function rules(colours: Scheme): string {
  return [
    `.page { fill: ${colours.page}; } .card { fill: ${colours.card}; } text { fill: ${colours.text}; }`,
    `.faint { fill: ${colours.faint}; } path { stroke: ${colours.line}; } .head { fill: ${colours.line}; stroke: none; }`,
    `.label { fill: ${colours.faint}; stroke: ${colours.page}; stroke-width: 4px; paint-order: stroke; stroke-linejoin: round; }`,
    ...KINDS.map(
      (kind) => `.${kind} { stroke: ${colours[kind]}; } text.${kind} { fill: ${colours[kind]}; stroke: none; }`,
    ),
  ].join("\n");
}

function cardGroup({ node, x, y, width, height, name, details }: PlacedNode): string {
  const { inset, label, name: nameAt, details: detailsAt, line } = CARD_TEXT;
  const corner = node.kind === "network" ? 16 : 6;
  // A workload of no replicas has a card too.
  const pile = Array.from(
    { length: Math.max(1, Math.min(node.count, PILE_MAX)) },
    (_, index) => index * PILE_STEP,
  ).toReversed();
  const text = (offset: number, content: string, className: string): string =>
    `<text x="${x + inset}" y="${y + offset}" class="${className}">${escapeXml(content)}</text>`;
  return [
    `<g><title>${escapeXml([`${node.label} ${node.name}`, ...node.details].join(", "))}</title>`,
    ...pile.map(
      (shift) =>
        `<rect class="card ${node.kind}" x="${x + shift}" y="${y + shift}" width="${width}" height="${height}" rx="${corner}"/>`,
    ),
    text(label, node.label, node.kind),
    text(nameAt, name, "name"),
    ...details.map((detail, index) => text(detailsAt + index * line, detail, "faint")),
    "</g>",
  ].join("");
}

/** A line that leaves and reaches cards horizontally, or straight down. */
function linePath({ edge, points, isVertical, isReversed }: PlacedEdge): string {
  const marker = edge.kind === "link" ? "" : ` marker-${isReversed ? "start" : "end"}="url(#arrow)"`;
  return `<path${edge.kind === "uses" ? ' class="dashed"' : ""} d="${isVertical ? straight(points) : curved(points)}"${marker}/>`;
}

const straight = (points: readonly Point[]): string =>
  points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join("");

function curved([first, ...others]: readonly Point[]): string {
  if (first === undefined) return "";
  const parts = [`M${first.x} ${first.y}`];
  let from = first;
  for (const to of others) {
    const middle = Math.round((from.x + to.x) / 2);
    // A step of a few pixels would look like a mistake.
    const isLevel = Math.abs(from.y - to.y) <= 3;
    parts.push(isLevel ? `L${to.x} ${from.y}` : `C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`);
    from = isLevel ? { x: to.x, y: from.y } : to;
  }
  return parts.join("");
}

/** The label, in the middle of the line's last part, where lines from one card are apart; above a card that stands below another. */
function labelTexts({ points, label, isVertical, isReversed }: PlacedEdge): readonly string[] {
  const [a, b] = isReversed ? points.slice(0, 2) : points.slice(-2);
  if (a === undefined || b === undefined) return [];
  const x = isVertical ? b.x : Math.round((a.x + b.x) / 2);
  const y = (isVertical ? b.y - LABEL_ABOVE : Math.round((a.y + b.y) / 2) - 5) - (label.length - 1) * 13;
  const anchor = isVertical ? "" : ' text-anchor="middle"';
  return label.map(
    (line, index) => `<text class="label" x="${x}" y="${y + index * 13}"${anchor}>${escapeXml(line)}</text>`,
  );
}

/** Text in XML 1.0, which has no control characters. */
const escapeXml = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\ufffe\uffff]+/gu, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
