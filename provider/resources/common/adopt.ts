/** Adoption of existing objects. Pure. */
import * as z from "zod";
import { UnikernelError } from "../../base/errors";
import { type PropertyChange, field } from "../../definition/resource";

/** `adopt`, the same field for every kind. `what` is the kind with its article, such as `an instance`. */
export const adoptField = (what: string) =>
  field(z.boolean().default(false), {
    description: `Manage ${what} that already has this \`name\`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false.`,
    onChange: "ignore",
  });

/**
 * Throws `ALREADY_EXISTS` if an immutable property of the existing object differs from the inputs, and names these properties.
 *
 * @param label the object, such as `Instance 'web'`
 * @param changes from the object's current inputs to the new ones
 */
export function assertAdoptable(label: string, changes: readonly PropertyChange[]): void {
  const immutable = changes.filter(({ replace }) => replace).map(({ property }) => property);
  if (immutable.length === 0) return;
  throw new UnikernelError(
    "ALREADY_EXISTS",
    `${label} cannot be adopted: ${immutable.join(", ")} cannot be changed in place.`,
    {
      property: immutable[0] ?? "",
      hint: "Give these properties the values that the object has, or choose another name.",
    },
  );
}
