/** Names for objects that were created without one, in the cloud's form. */
import * as crypto from "node:crypto";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
const FIRST_WORDS = "amber bold calm dark early fair green holy icy jolly kind lucky misty noble quiet rapid".split(
  " ",
);
const SECOND_WORDS = "ash bay cedar dune elm fern grove hill iris lake maple oak pine reed stone vale".split(" ");

/** Letters and digits at random. */
export const randomText = (length: number): string =>
  Array.from({ length }, () => ALPHABET[crypto.randomInt(ALPHABET.length)] ?? "a").join("");

/** `<stem>-<5 letters or digits>` that is not taken. */
export function uniqueName(stem: string, taken: (name: string) => boolean): string {
  for (;;) {
    const name = `${stem}-${randomText(5)}`;
    if (!taken(name)) return name;
  }
}

/** `<word>-<word>-<8 letters or digits>` that is not taken: how service groups are named. */
export function uniqueWordName(taken: (name: string) => boolean): string {
  const pick = (words: readonly string[]): string => words[crypto.randomInt(words.length)] ?? "";
  for (;;) {
    const name = `${pick(FIRST_WORDS)}-${pick(SECOND_WORDS)}-${randomText(8)}`;
    if (!taken(name)) return name;
  }
}
