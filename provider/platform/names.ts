/** Names for objects that were created without one, in the cloud's form. */
import * as crypto from "node:crypto";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";

const random = (length: number): string =>
  Array.from({ length }, () => ALPHABET[crypto.randomInt(ALPHABET.length)] ?? "a").join("");

/** `<stem>-<5 letters or digits>` that is not taken. */
export function uniqueName(stem: string, taken: (name: string) => boolean): string {
  for (;;) {
    const name = `${stem}-${random(5)}`;
    if (!taken(name)) return name;
  }
}
