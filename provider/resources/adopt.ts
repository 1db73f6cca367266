/** Objects that exist already: whether to take them for one's own. Pure. */
import { UnikernelError } from "../base/errors";
import type { Definition, Properties } from "../definition/define";
import { diff } from "../definition/diff";

/**
 * May the object be taken over, since all that differs can be changed in place? Returns whether anything differs.
 *
 * Throws `ALREADY_EXISTS` with what cannot be changed.
 *
 * @param what the object, such as `Instance 'web'`
 * @param found its inputs as they are
 */
export function mustChangeToAdopt(
  definition: Pick<Definition, "inputs">,
  what: string,
  found: Properties,
  wanted: Properties,
): boolean {
  const changes = diff(definition, found, wanted);
  const fixed = changes.filter(({ replace }) => replace).map(({ property }) => property);
  if (fixed.length === 0) return changes.length > 0;
  throw new UnikernelError(
    "ALREADY_EXISTS",
    `${what} exists and cannot be adopted: ${fixed.join(", ")} cannot be changed in place.`,
    {
      property: fixed[0] ?? "",
      hint: "Make the program say what is there, or choose another name.",
    },
  );
}

/** Clocks of two machines differ by less. */
const CLOCKS_DIFFER_MS = 300_000;

/**
 * Could an object that bears the name of a create whose answer was lost be what that create made? It has to be as young, and as
 * was asked for in everything.
 *
 * @param found its inputs as they are, and when it was made, RFC 3339; a server that does not say when is not asked
 * @param sinceMs when the create was sent
 */
export function isOurs(
  definition: Pick<Definition, "inputs">,
  asked: Properties,
  found: { readonly inputs: Properties; readonly createdAt: string | undefined },
  sinceMs: number,
): boolean {
  const madeMs = Date.parse(found.createdAt ?? "");
  const isYoung = Number.isNaN(madeMs) || madeMs >= sinceMs - CLOCKS_DIFFER_MS;
  return isYoung && diff(definition, found.inputs, asked).length === 0;
}
