/** What a fuzz target is, and helpers that targets share. */
import type { RandomSource } from "../support/seededRandom";

/** Feeds random input to one reader. Each case has its own random numbers, so that it can be repeated alone. */
export interface FuzzTarget {
  /** Named on the command line. */
  readonly name: string;
  /** Runs one case; throws if an invariant does not hold. */
  readonly run: (random: RandomSource) => void | Promise<void>;
}

/** A whole number from 0 to below `limit`. */
export const below = (random: RandomSource, limit: number): number => Math.floor(random() * limit);

/** One of the items, which must not be empty. */
export const pick = <T>(random: RandomSource, items: readonly T[]): T => items[below(random, items.length)] as T;

/** Between 1 and `most` small edits of a text: pieces removed, repeated, moved, replaced or inserted. */
export function mutateText(random: RandomSource, text: string, most: number, tokens: readonly string[]): string {
  let result = text;
  for (let left = 1 + below(random, most); left > 0; left--) {
    const at = below(random, result.length + 1);
    const end = Math.min(result.length, at + 1 + below(random, random() < 0.8 ? 8 : 200));
    const [before, piece, after] = [result.slice(0, at), result.slice(at, end), result.slice(end)];
    const edits: readonly (() => string)[] = [
      () => before + after,
      () => before + piece + piece + after,
      () => before + pick(random, tokens) + piece + after,
      () => before + pick(random, tokens) + after,
      () => before + String.fromCharCode(below(random, random() < 0.9 ? 128 : 0x10000)) + piece + after,
      () => after + piece + before,
      () => before,
    ];
    // The last two destroy most of a text, so they are rare.
    result = (random() < 0.95 ? edits[below(random, 5)] : edits[5 + below(random, 2)])?.() ?? result;
  }
  return result;
}
