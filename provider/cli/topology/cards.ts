/** Sizes of the cards of a topology picture, in CSS pixels. Pure. */
import type { TopologyNode } from "./graph";

/** Widths of one character: 13 px bold for names, 11 px for the rest. Measured with common sans-serif fonts, rounded up. */
const [NAME_CHARACTER, SMALL_CHARACTER] = [8.6, 6.4];
const MAX_CHARACTERS = 34;
const [MIN_WIDTH, PADDING, LINE] = [116, 12, 16];

/** A text with its size. */
export interface Card {
  readonly width: number;
  readonly height: number;
  /** As drawn: long ones are shortened. */
  readonly name: string;
  readonly details: readonly string[];
}

/** At most so many characters, with an ellipsis for the rest. */
export const shortenLine = (text: string): string =>
  text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS - 1).toWellFormed()}…`;

/** Width of small text. */
export const smallWidth = (text: string): number => Math.ceil(text.length * SMALL_CHARACTER);

/** The card of a node: label, name and details. */
export function cardOf({ label, name: fullName, details: allDetails }: TopologyNode): Card {
  const name = shortenLine(fullName);
  const details = allDetails.map(shortenLine);
  const widths = [name.length * NAME_CHARACTER, ...[label, ...details].map(smallWidth)];
  const width = Math.max(MIN_WIDTH, Math.ceil(Math.max(...widths)) + 2 * PADDING);
  return { width, height: 44 + details.length * LINE + 8, name, details };
}

/** Baselines within a card, and the inset of its text. */
export const CARD_TEXT = { inset: PADDING, label: 19, name: 37, details: 54, line: LINE } as const;
