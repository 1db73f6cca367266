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
 * @param label the object, such as `Instance 'web'`
 * @param observed its inputs as they are
 */
export function assertAdoptable(
  definition: Pick<Definition, "inputs" | "deletedOnStop">,
  label: string,
  observed: Properties,
  wanted: Properties,
): boolean {
  const changes = diff(definition, observed, wanted);
  const immutable = changes.filter(({ replace }) => replace).map(({ property }) => property);
  if (immutable.length === 0) return changes.length > 0;
  throw new UnikernelError(
    "ALREADY_EXISTS",
    `${label} exists and cannot be adopted: ${immutable.join(", ")} cannot be changed in place.`,
    {
      property: immutable[0] ?? "",
      hint: "Make the program say what is there, or choose another name.",
    },
  );
}
