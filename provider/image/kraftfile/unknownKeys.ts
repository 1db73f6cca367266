/** Refuses keys that would silently do nothing. */
import { nearest } from "../../base/spelling";
import { SYNONYMS } from "./model";
import type { Member, YamlSource } from "./source";

/**
 * Reports keys outside `known`, with the nearest known one; `x-…` is left to its owner. `where`: "a Kraftfile";
 * `useful`: the keys worth proposing when none is near.
 */
export function checkKeys(
  source: YamlSource,
  members: readonly Member[],
  where: string,
  known: readonly string[],
  useful: readonly string[] = known,
): void {
  for (const { key, keyNode } of members) {
    if (key.startsWith("x-") || known.includes(key)) continue;
    const synonym = SYNONYMS.get(key.toLowerCase());
    const meant = synonym !== undefined && known.includes(synonym) ? synonym : nearest(key, known);
    const advice = meant === undefined ? `; ${where} may have ${useful.join(", ")}.` : `, did you mean '${meant}'?`;
    source.report(keyNode, `unknown key '${key.slice(0, 64)}'${advice}`);
  }
}
