/** What all resource classes share: how a program registers one with the engine. */
import * as pulumi from "@pulumi/pulumi";
import { ownerOfStack } from "./registration/owner";
import { checkOptions } from "./registration/resourceOptions";
import { stackTraces } from "./registration/stackTraces";
import { urnOf } from "./registration/urn";

/** Module part of the type tokens: `pulumi-nodejs:dynamic/unikernel:Instance`. */
const MODULE = "unikernel";

/**
 * The text that the engine keeps in state and that the dynamic provider process runs. Constant per kind: state does
 * not change when this package does, and nothing of the program is serialised into it.
 *
 * The second path finds the package where pnpm keeps what is only a dependency of a dependency; both are relative to the
 * program's folder, which is the working directory of that process.
 */
const handlerSource = (kind: string): string =>
  `exports.handler=()=>require(require.resolve("pulumi-unikernel/dynamic",{paths:[".","node_modules/.pnpm"]})).${kind}`;

/**
 * A value with what is at a path in it made secret; `*` stands for every item of a list or map. Only as much as needed: what is
 * around it stays readable in previews. Where the path leads through a value that is not there yet, all of that value becomes secret.
 */
function markSecret(value: unknown, path: readonly string[]): unknown {
  if (value === undefined || value === null) return value;
  const [key, ...rest] = path;
  const isPlain = typeof value === "object" && !pulumi.Output.isInstance(value) && !(value instanceof Promise);
  if (key === undefined || !isPlain) return pulumi.secret(value);
  const members: object = value as object;
  if (Array.isArray(members)) return members.map((item: unknown) => markSecret(item, rest));
  return Object.fromEntries(
    Object.entries(members).map(([name, member]: [string, unknown]) => [
      name,
      key === "*" || key === name ? markSecret(member, rest) : member,
    ]),
  );
}

/**
 * Outputs that hold secrets. Of a list with one the engine hides all anyway; of an object that a program wrote it hides what the
 * program's own value hides, and of one that is looked up there is no such value.
 */
const secretOutputs = (paths: readonly string[], isLookUp: boolean): string[] => [
  ...new Set(
    paths
      .map((path) => path.split("."))
      .filter(([, next]) => isLookUp || next === undefined || next === "*")
      .map(([name = ""]) => name),
  ),
];

/**
 * Base of the resource classes.
 *
 * @internal
 */
export abstract class UnikernelResource extends pulumi.CustomResource {
  /**
   * @param outputs every output property by name; the engine fills only properties it was told of
   * @param secrets paths of arguments that must be encrypted in state: `env`, `template.env`, `roms.*.files.*.data`
   */
  constructor(
    kind: string,
    name: string,
    args: object,
    outputs: readonly string[],
    secrets: readonly string[],
    opts: pulumi.CustomResourceOptions | undefined,
  ) {
    const unset = Object.fromEntries(outputs.map((key) => [key, undefined]));
    const type = `pulumi-nodejs:dynamic/${MODULE}:${kind}`;
    const { passed, options, warnings } = checkOptions({ kind, name, type, args, properties: outputs }, opts);
    const urn = opts?.urn ?? urnOf(type, name, opts?.parent);
    const traces = stackTraces();
    try {
      super(
        type,
        name,
        {
          // The SDK reads the properties in this order. Outside of it errors keep their traces: those of transformations, and that
          // of a registration that fails, which leads to the line of the program.
          get __urn() {
            traces.off();
            return urn;
          },
          ...ownerOfStack(),
          ...passed,
          ...unset,
          ...secrets.reduce<object>((inputs, path) => markSecret(inputs, path.split(".")) as object, args),
          get __provider() {
            traces.on();
            return handlerSource(kind);
          },
        },
        pulumi.mergeOptions(options, { additionalSecretOutputs: secretOutputs(secrets, opts?.id !== undefined) }),
      );
    } finally {
      traces.end();
    }
    for (const warning of warnings) void pulumi.log.warn(`${kind} '${name}': ${warning}`, this);
  }

  /** True for a resource of this kind, also one made by another copy of this package. */
  protected static isOf(kind: string, value: unknown): boolean {
    return (
      pulumi.CustomResource.isInstance(value) &&
      (value as { __pulumiType?: unknown }).__pulumiType === `pulumi-nodejs:dynamic/${MODULE}:${kind}`
    );
  }
}

/**
 * Fails a constructor at the line that called it when a required argument is missing.
 *
 * @internal
 */
export function requireArgs(
  kind: string,
  args: object,
  names: readonly string[],
  opts?: pulumi.CustomResourceOptions,
): void {
  if (opts?.urn !== undefined || opts?.id !== undefined) return;
  for (const name of names) {
    if ((args as Record<string, unknown>)[name] === undefined) {
      throw new pulumi.RunError(`INPUT_INVALID: Missing required property '${name}' of ${kind}.`);
    }
  }
}
