/** Suggests a name for a misspelt one. */

type ClosestMatch = (word: string, known: readonly string[]) => string | undefined;

/** The known name closest to `word`; `undefined` if none is similar. Loads the provider's file only now: most programs misspell nothing. */
export function suggestName(word: string, known: readonly string[]): string | undefined {
  const { closestMatch } = require("../../provider/base/spelling") as { readonly closestMatch: ClosestMatch };
  return closestMatch(word, known);
}
