/**
 * Matches paths against a pattern in a time that is at most its length times the path's. A regular expression with several stars
 * may take hours for one path in JavaScript; in Go, which the builders are written in, it does not.
 */

/** A part of a pattern: `star` any text without `/`, `folders` nothing or any text that ends with `/`, `rest` any text. */
export type GlobToken = "star" | "folders" | "rest" | { readonly accepts: (character: string) => boolean };

type Four<T> = [T, T, T, T];

/** True if the tokens stand for the whole path. Tries all possibilities at once, character by character. */
export function matchesTokens(tokens: readonly GlobToken[], path: string): boolean {
  const end = tokens.length;
  const [lastToken, lastUnit] = [tokens.at(-1), path.at(-1) ?? ""];
  // Most paths already differ at the end. Half a character cannot be compared.
  if (typeof lastToken === "object" && !/[\uD800-\uDFFF]/.test(lastUnit) && !lastToken.accepts(lastUnit)) return false;
  // `at`: the token is next; `inside`: the text of `folders` has begun.
  let [at, inside, nextAt, nextInside] = Array.from({ length: 4 }, () => new Uint8Array(end + 1)) as Four<Uint8Array>;
  at[0] = 1;
  skipEmpty(tokens, at, inside);
  for (const character of path) {
    nextAt.fill(0);
    nextInside.fill(0);
    for (let index = 0; index < end; index += 1) {
      const token = tokens[index] as GlobToken; // within bounds
      if (inside[index] === 1 && character !== "\n") nextInside[index] = 1;
      if (inside[index] === 1 && character === "/") nextAt[index + 1] = 1;
      if (at[index] !== 1) continue;
      if (typeof token === "object") {
        if (token.accepts(character)) nextAt[index + 1] = 1;
      } else if (token !== "folders" && character !== (token === "star" ? "/" : "\n")) nextAt[index] = 1;
    }
    [at, inside, nextAt, nextInside] = [nextAt, nextInside, at, inside];
    skipEmpty(tokens, at, inside);
  }
  return at[end] === 1;
}

/** A token that may stand for nothing makes the next one possible as well. */
function skipEmpty(tokens: readonly GlobToken[], at: Uint8Array, inside: Uint8Array): void {
  for (const [index, token] of tokens.entries()) {
    if (at[index] !== 1 || typeof token === "object") continue;
    at[index + 1] = 1;
    if (token === "folders") inside[index] = 1;
  }
}
