/** Refuses keys that would silently do nothing. */
import { closestMatch } from "../../base/spelling";
import { KEY_SYNONYMS } from "./model";
import type { Member, YamlSource } from "./yamlSource";

/**
 * Reports keys outside `known`, with the nearest known one; `x-…` is left to its owner. `where`: "a Kraftfile";
 * `useful`: the keys worth proposing when none is near.
 */
export function reportUnknownKeys(
  source: YamlSource,
  members: readonly Member[],
  where: string,
  known: readonly string[],
  suggested: readonly string[] = known,
): void {
  for (const { key, keyNode } of members) {
    if (key.startsWith("x-") || known.includes(key)) continue;
    const synonym = KEY_SYNONYMS.get(key.toLowerCase());
    const suggestion = synonym !== undefined && known.includes(synonym) ? synonym : closestMatch(key, known);
    const advice =
      suggestion === undefined ? `; ${where} may have ${suggested.join(", ")}.` : `, did you mean '${suggestion}'?`;
    source.report(keyNode, `unknown key '${key.slice(0, 64)}'${advice}`);
  }
}
