/** Reports keys that would silently have no effect. */
import { closestMatch } from "../../base/spelling";
import { KEY_SYNONYMS } from "./model";
import type { Member, YamlSource } from "./yamlSource";

/**
 * Reports keys outside `known` and suggests the closest known one; extension keys (`x-…`) are allowed.
 *
 * @param where what contains the keys, such as "a Kraftfile"
 * @param suggested the keys to list when none is similar
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
