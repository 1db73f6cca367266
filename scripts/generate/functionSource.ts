/** Functions → TypeScript source of `sdk/functions.ts`: each returns a promise, and has a variant for outputs. */
import type { Definition } from "../../provider/definition/resource";
import { GENERATED_HEADER, argMembers, docComment, isAlwaysSet, plainType } from "./resourceSource";
import { type FieldShape, fieldsOf, objectTypesOf } from "./shape";

const capitalize = (name: string): string => `${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`;

const plainMembers = (fields: readonly FieldShape[], always: (f: FieldShape) => boolean): string =>
  fields
    .map(
      (f) =>
        `${docComment(f.description)}  readonly ${f.name}${always(f) ? "" : "?"}: ${plainType(f.shape)}${always(f) ? "" : " | undefined"};\n`,
    )
    .join("");

function functionSource({ kind, description, inputs, outputs }: Definition): string {
  const [argFields, resultFields] = [fieldsOf(inputs), fieldsOf(outputs)];
  const [args, result] = [`${capitalize(kind)}Args`, `${capitalize(kind)}Result`];
  const optional = argFields.some((f) => f.required) ? "" : " = {}";
  const hasNoArgs = argFields.length === 0;
  const argTypes = hasNoArgs
    ? ""
    : `/** Arguments of {@link ${kind}}. */\nexport interface ${args} {\n${plainMembers(argFields, (f) => f.required)}}\n
/** Arguments of {@link ${kind}Output}. */\nexport interface ${capitalize(kind)}OutputArgs {\n${argMembers(argFields)}}\n\n`;
  const [plainArgs, outputArgs] = hasNoArgs
    ? ["", ""]
    : [`args: ${args}${optional}, `, `args: ${capitalize(kind)}OutputArgs${optional}, `];
  const argument = hasNoArgs ? "{}" : "args";
  return `${argTypes}/** Result of {@link ${kind}}. */\nexport interface ${result} {\n${plainMembers(resultFields, (f) => isAlwaysSet(f) || f.hasDefault)}}\n
/** ${description} */
export function ${kind}(${plainArgs}opts?: pulumi.InvokeOptions): Promise<${result}> {
  return invoke<${result}>("${kind}", ${argument}, opts);
}

/** ${description} Like {@link ${kind}}, but ${hasNoArgs ? "" : "accepts outputs as arguments and "}returns an output. */
export function ${kind}Output(${outputArgs}opts?: pulumi.InvokeOutputOptions): pulumi.Output<${result}> {
  return invokeOutput<${result}>("${kind}", ${argument}, opts);
}
`;
}

/** The source of `sdk/functions.ts`. */
export function functionsSource(definitions: readonly Definition[]): string {
  const source = definitions.map(functionSource).join("\n");
  const used = objectTypesOf(definitions)
    .map((shape) => shape.name)
    .filter((name) => new RegExp(`\\b${name}\\b`).test(source));
  return `${GENERATED_HEADER}import type * as pulumi from "@pulumi/pulumi";
import { invoke, invokeOutput } from "./invoke";
${used.length === 0 ? "" : `import type { ${used.join(", ")} } from "./types";\n`}
${source}`;
}
