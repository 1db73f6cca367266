/** The reference page of a resource or a function. */
import type { Definition } from "../../../provider/definition/resource";
import { type FieldShape, type Shape, fieldsOf } from "../shape";
import type { Content } from "./content";
import { errorTable } from "./errorsPage";
import { inputTable, memberTable, outputTable } from "./fields";
import { anchorLink, code, page } from "./markdown";

type ObjectShape = Extract<Shape, { kind: "object" }>;

/** The object type of a value, or of the items of a list or map; undefined when it has none. */
function objectIn(shape: Shape): ObjectShape | undefined {
  if (shape.kind === "array") return objectIn(shape.items);
  if (shape.kind === "map") return objectIn(shape.values);
  if (shape.kind === "union") return shape.options.map(objectIn).find((found) => found !== undefined);
  return shape.kind === "object" ? shape : undefined;
}

/** The object types that fields use, in order of first use, each with the properties that use it. */
function typesOf(fields: readonly FieldShape[]): ReadonlyMap<string, { type: ObjectShape; uses: Set<string> }> {
  const found = new Map<string, { type: ObjectShape; uses: Set<string> }>();
  const visit = (all: readonly FieldShape[], owner: string): void => {
    for (const field of all) {
      const type = objectIn(field.shape);
      if (type === undefined) continue;
      const entry = found.get(type.name);
      const { uses } = entry ?? { uses: new Set<string>() };
      uses.add(`${code(field.name)}${owner}`);
      if (entry !== undefined) continue;
      found.set(type.name, { type, uses });
      visit(type.fields, ` of ${anchorLink(type.name)}`);
    }
  };
  visit(fields, "");
  return found;
}

function typesSection(definition: Definition): string {
  const inputTypes = typesOf(fieldsOf(definition.inputs));
  const types = typesOf([...fieldsOf(definition.inputs), ...fieldsOf(definition.outputs)]);
  const sections = [...types.values()].map(({ type, uses }) => {
    const { name, description, fields } = type;
    const members = inputTypes.has(name) ? memberTable("Property", fields) : outputTable("Property", fields);
    return `### ${name}\n\n${description} Used in ${[...uses].join(", ")}.\n\n${members}`;
  });
  return sections.length === 0 ? "" : `## Types\n\n${sections.join("\n\n")}`;
}

function errorsSection({ errors }: Content): string {
  const common = `[errors that any operation can meet](errors.md#any-operation)`;
  if (errors.length === 0) return `## Errors\n\nThe ${common}.`;
  return `## Errors\n\n${errorTable(errors)}\n\nAnd the ${common}.`;
}

/** The page of a resource, such as `Instance.md`. */
export function resourcePage(definition: Definition, content: Content): string {
  const inputs = inputTable(fieldsOf(definition.inputs));
  return page(
    `# ${definition.kind}`,
    definition.description,
    `## Example\n\n${content.example}`,
    content.notes,
    `## Inputs\n\nThe column _On change_ is explained under [what a change does](README.md#what-a-change-does).\n\n${inputs}`,
    `## Outputs\n\nEvery input is an output too, with its default filled in. ${content.id}\n\n${outputTable("Output", fieldsOf(definition.outputs))}`,
    typesSection(definition),
    errorsSection(content),
  );
}

/** The page of a function, such as `getInstance.md`. */
export function functionPage(definition: Definition, content: Content): string {
  const { kind } = definition;
  const inputs = fieldsOf(definition.inputs);
  return page(
    `# ${kind}`,
    definition.description,
    `${code(kind)} returns a promise. ${code(`${kind}Output`)} takes and returns outputs.`,
    `## Example\n\n${content.example}`,
    content.notes,
    `## Arguments\n\n${inputs.length === 0 ? "None." : memberTable("Argument", inputs)}`,
    `## Result\n\n${outputTable("Output", fieldsOf(definition.outputs))}`,
    typesSection(definition),
    errorsSection(content),
  );
}
