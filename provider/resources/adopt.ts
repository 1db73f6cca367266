/** Objects that exist already: whether to take them over. Pure. */
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
