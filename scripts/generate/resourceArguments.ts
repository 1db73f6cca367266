/** Arguments of the SDK for which a program may give a resource: fields that are declared with `resource`. */
import type { Definition, ResourceValue } from "../../provider/definition/resource";
import { type FieldShape, fieldsOf } from "./shape";

/** Name of the type of such an argument, in `sdk/types.ts`. */
export const anyResourceName = (kind: string): string => `Any${kind}`;

/** The fields that take a resource, by path. Throws for one in a list or map, where the SDK does not look. */
export function resourceFields(
  fields: readonly FieldShape[],
  prefix = "",
): readonly (readonly [string, ResourceValue])[] {
  return fields.flatMap(({ name, shape, resource }) => {
    const path = `${prefix}${name}`;
    if (resource !== undefined) return [[path, resource] as const];
    if (shape.kind === "object") return resourceFields(shape.fields, `${path}.`);
    const items = shape.kind === "array" ? shape.items : shape.kind === "map" ? shape.values : undefined;
    if (items?.kind === "object" && resourceFields(items.fields).length > 0)
      throw new Error(`'${path}' is a list or map with a field that takes a resource, which the SDK does not support.`);
    return [];
  });
}

/** The argument of the base class that lists them; empty for none. */
export function resourceArguments(definition: Definition): string {
  const list = resourceFields(fieldsOf(definition.inputs)).map(([path, value]) => ({ path, ...value }));
  return list.length === 0 ? "" : `, ${JSON.stringify(list)}`;
}

/** The kinds that arguments take, each with the properties that are taken from it. */
export function takenProperties(definitions: readonly Definition[]): ReadonlyMap<string, ReadonlySet<string>> {
  const taken = new Map<string, Set<string>>();
  for (const [, { kind, output, defaults = {} }] of definitions.flatMap(({ inputs }) =>
    resourceFields(fieldsOf(inputs)),
  )) {
    const properties = taken.get(kind) ?? new Set();
    for (const property of [output, ...Object.values(defaults)]) properties.add(property);
    taken.set(kind, properties);
  }
  return taken;
}
