/** Adoption of existing objects. Pure. */
import * as z from "zod";
import { UnikernelError } from "../../base/errors";
import { type Properties, type PropertyChange, field } from "../../definition/resource";

/** `adopt`, the same field for every kind. `what` is the kind with its article, such as `an instance`. */
export const adoptField = (what: string) =>
  field(z.boolean().default(false), {
    description: `Manage ${what} that already has this \`name\`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false.`,
    onChange: "ignore",
  });

/** Inputs that are words of a fixed set; other texts may be secret. */
const WORDS: readonly string[] = ["accessMode", "filesystem", "restartPolicy"];

/** The value as a message may show it; undefined if it may be secret. */
function plainValue(property: string, value: unknown): string | undefined {
  if (value === undefined) return "none";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && WORDS.includes(property) ? JSON.stringify(value) : undefined;
}

/**
 * Throws `ALREADY_EXISTS` if an immutable property of the existing object differs from the inputs, and names these properties.
 *
 * @param label the object, such as `Instance 'web'`
 * @param found the object, with the changes from its current inputs to the new ones
 * @param wanted the new inputs
 */
export function assertAdoptable(
  label: string,
  found: { readonly inputs: Properties; readonly changes: readonly PropertyChange[] },
  wanted: Properties,
): void {
  const immutable = found.changes.filter(({ replace }) => replace).map(({ property }) => property);
  if (immutable.length === 0) return;
  const describe = (property: string): string => {
    const [theirs, ours] = [found.inputs[property], wanted[property]].map((value) => plainValue(property, value));
    return theirs === undefined || ours === undefined ? property : `${property} (object: ${theirs}, program: ${ours})`;
  };
  throw new UnikernelError(
    "ALREADY_EXISTS",
    `${label} cannot be adopted: ${immutable.map(describe).join(", ")} cannot be changed in place.`,
    {
      property: immutable[0] ?? "",
      hint: "Give these properties the values that the object has, or choose another name.",
    },
  );
}
