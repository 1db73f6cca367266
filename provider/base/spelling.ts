/** Suggestions for misspelt words. */

/** Levenshtein distance in which a swap of neighbours counts as one edit (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (rows[i - 1]?.[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min((rows[i - 1]?.[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, substitution);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}

/** The known word closest to `word`; `undefined` if every one differs in more than half of its letters. */
export function closestMatch(word: string, known: readonly string[]): string | undefined {
  // The distance takes quadratic time, and longer words are not misspelt names.
  const lower = word.toLowerCase().slice(0, 64);
  const ranked = known
    .map((candidate) => ({ candidate, cost: editDistance(lower, candidate.toLowerCase()) }))
    .sort((a, b) => a.cost - b.cost);
  const best = ranked[0];
  return best !== undefined && best.cost <= Math.max(1, Math.floor(word.length / 2)) ? best.candidate : undefined;
}
