/** Names of new objects: checks those of requests, and generates others in the same form as the cloud. */
import * as crypto from "node:crypto";
import { ApiItemError } from "./errors";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
const FIRST_WORDS = "amber bold calm dark early fair green holy icy jolly kind lucky misty noble quiet rapid".split(
  " ",
);
const SECOND_WORDS = "ash bay cedar dune elm fern grove hill iris lake maple oak pine reed stone vale".split(" ");

/** Random lower-case letters and digits. */
export const randomText = (length: number): string =>
  Array.from({ length }, () => ALPHABET[crypto.randomInt(ALPHABET.length)] ?? "a").join("");

/** A free name of the form `<stem>-<5 letters or digits>`. */
export function uniqueName(stem: string, isTaken: (name: string) => boolean): string {
  for (;;) {
    const name = `${stem}-${randomText(5)}`;
    if (!isTaken(name)) return name;
  }
}

/** A free name of the form `<word>-<word>-<8 letters or digits>`, as service groups have. */
export function uniqueWordName(isTaken: (name: string) => boolean): string {
  const pick = (words: readonly string[]): string => words[crypto.randomInt(words.length)] ?? "";
  for (;;) {
    const name = `${pick(FIRST_WORDS)}-${pick(SECOND_WORDS)}-${randomText(8)}`;
    if (!isTaken(name)) return name;
  }
}

/**
 * Throws `ApiItemError` unless a new object may have this name: `Invalid` for a name with `/`, `AlreadyExists` for one that
 * is taken.
 *
 * @param kind noun for the message, such as `volume`
 */
export function assertNameAvailable(kind: string, name: string, isTaken: (name: string) => boolean): void {
  if (name.includes("/")) throw new ApiItemError("Invalid", `Invalid name '${name}': it must not contain '/'`);
  if (isTaken(name)) throw new ApiItemError("AlreadyExists", `A ${kind} with the name '${name}' already exists`);
}
