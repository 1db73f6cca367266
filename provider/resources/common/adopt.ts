/** Objects that exist already: whether to take them over. Pure. */
import * as z from "zod";
import { UnikernelError } from "../../base/errors";
import { type Definition, type Properties, field } from "../../definition/resource";
import { diff } from "../../definition/diff";

/** `adopt`: the same field for every kind. `what` is a kind with its article, such as `an instance`. */
export const adoptField = (what: string) =>
  field(z.boolean().default(false), {
    description: `Take over ${what} that has this \`name\` already, changed in place to what is asked for; what cannot be changed in place must be the same. Default false. Used at creation.`,
    onChange: "ignore",
  });

/**
 * May the object be taken over, since all that differs can be changed in place? Returns whether anything differs.
 *
 * Throws `ALREADY_EXISTS` with what cannot be changed.
 *
 * @param what the object, such as `Instance 'web'`
 * @param found its inputs as they are
 */
export function mustChangeToAdopt(
  definition: Pick<Definition, "inputs" | "goesWhenStopped">,
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
