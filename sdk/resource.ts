/** What all resource classes share: how a program registers one with the engine. */
import * as pulumi from "@pulumi/pulumi";

/** Module part of the type tokens: `pulumi-nodejs:dynamic/unikernel:Instance`. */
const MODULE = "unikernel";

/**
 * The text that the engine keeps in state and that the dynamic provider process runs. Constant per kind: state does
 * not change when this package does, and nothing of the program is serialised into it.
 *
 * The second path finds the package where pnpm keeps what is only a dependency of a dependency; both are relative to the
 * program's folder, which is the working directory of that process.
 */
const providerText = (kind: string): string =>
  `exports.handler=()=>require(require.resolve("pulumi-unikernel/dynamic",{paths:[".","node_modules/.pnpm"]})).${kind}`;

/**
 * Arguments with the value at a path made secret. Only as much as needed: what is around it stays readable in previews.
 * Where the path leads through a value that is not there yet, all of that value becomes secret.
 */
function withSecret(args: object, [key = "", ...rest]: readonly string[]): object {
  const value: unknown = (args as Record<string, unknown>)[key];
  if (value === undefined || value === null) return args;
  const isPlain = typeof value === "object" && !pulumi.Output.isInstance(value) && !(value instanceof Promise);
  return { ...args, [key]: rest.length > 0 && isPlain ? withSecret(value, rest) : pulumi.secret(value) };
}

/**
 * Base of the resource classes.
 *
 * @internal
 */
export abstract class UnikernelResource extends pulumi.CustomResource {
  /**
   * @param outputs every output property by name; the engine fills only properties it was told of
   * @param secrets paths of arguments that must be encrypted in state: `env`, `template.env`
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
    super(
      `pulumi-nodejs:dynamic/${MODULE}:${kind}`,
      name,
      {
        ...unset,
        ...secrets.reduce<object>((inputs, path) => withSecret(inputs, path.split(".")), args),
        __resourceName: name,
        __provider: providerText(kind),
      },
      pulumi.mergeOptions(opts, { additionalSecretOutputs: secrets.filter((path) => !path.includes(".")) }),
    );
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
      throw new pulumi.RunError(`Missing required property '${name}' of ${kind}.`);
    }
  }
}
