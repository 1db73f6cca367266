/** Functions → TypeScript source of `sdk/functions.ts`: each as a promise, and as an output of outputs. */
import type { Definition } from "../../provider/definition/resource";
import { HEADER, argFields, doc, isSet, plain } from "./resourceSource";
import { type FieldShape, fieldsOf, objectTypesOf } from "./shape";

const capital = (name: string): string => `${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`;

const plainFields = (fields: readonly FieldShape[], always: (f: FieldShape) => boolean): string =>
  fields
    .map(
      (f) =>
        `${doc(f.description)}  readonly ${f.name}${always(f) ? "" : "?"}: ${plain(f.shape)}${always(f) ? "" : " | undefined"};\n`,
    )
    .join("");

function functionSource({ kind, description, inputs, outputs }: Definition): string {
  const [given, found] = [fieldsOf(inputs), fieldsOf(outputs)];
  const [args, result] = [`${capital(kind)}Args`, `${capital(kind)}Result`];
  const optional = given.some((f) => f.required) ? "" : " = {}";
  const takesNone = given.length === 0;
  const argTypes = takesNone
    ? ""
    : `/** Arguments of {@link ${kind}}. */\nexport interface ${args} {\n${plainFields(given, (f) => f.required)}}\n
/** Arguments of {@link ${kind}Output}. */\nexport interface ${capital(kind)}OutputArgs {\n${argFields(given)}}\n\n`;
  const [plainArgs, outputArgs] = takesNone
    ? ["", ""]
    : [`args: ${args}${optional}, `, `args: ${capital(kind)}OutputArgs${optional}, `];
  const passed = takesNone ? "{}" : "args";
  return `${argTypes}/** Result of {@link ${kind}}. */\nexport interface ${result} {\n${plainFields(found, (f) => isSet(f) || f.hasDefault)}}\n
/** ${description} */
export function ${kind}(${plainArgs}opts?: pulumi.InvokeOptions): Promise<${result}> {
  return invoke<${result}>("${kind}", ${passed}, opts);
}

/** The same for arguments that are known only at apply. ${description} */
export function ${kind}Output(${outputArgs}opts?: pulumi.InvokeOutputOptions): pulumi.Output<${result}> {
  return invokeOutput<${result}>("${kind}", ${passed}, opts);
}
`;
}

/** `sdk/functions.ts`. */
export function functionsSource(definitions: readonly Definition[]): string {
  const source = definitions.map(functionSource).join("\n");
  const used = objectTypesOf(definitions)
    .map((shape) => shape.name)
    .filter((name) => new RegExp(`\\b${name}\\b`).test(source));
  return `${HEADER}import type * as pulumi from "@pulumi/pulumi";
import { invoke, invokeOutput } from "./invoke";
${used.length === 0 ? "" : `import type { ${used.join(", ")} } from "./types";\n`}
${source}`;
}
