/** The base class of all resources, which registers them with the engine. */
import * as pulumi from "@pulumi/pulumi";
import { ownerOfStack } from "./registration/owner";
// Two statements: TypeScript 3.8, which Pulumi bundles, reads these declarations.
import type { ResourceArgument } from "./registration/resourceArguments";
import { noteGiven, takeOutputs } from "./registration/resourceArguments";
import { checkOptions } from "./registration/resourceOptions";
import { markSecret, secretOutputs } from "./registration/secrets";
import { stackTraces } from "./registration/stackTraces";
import { warnOfUnknownSettings } from "./registration/unknownSettings";
import { urnOf } from "./registration/urn";

/** Module part of type tokens such as `pulumi-nodejs:dynamic/unikernel:Instance`. */
const MODULE = "unikernel";

/**
 * The serialized provider: text that the engine stores in state and that the dynamic provider process runs. It is constant per kind,
 * so a new version of this package does not change state, and nothing of the program is serialized.
 *
 * The second path finds the package where pnpm installs transitive dependencies. Both paths are relative to the program's folder,
 * which is the working directory of that process.
 */
const handlerSource = (kind: string): string =>
  `exports.handler=()=>require(require.resolve("pulumi-unikernel/dynamic",{paths:[".","node_modules/.pnpm"]})).${kind}`;

/**
 * Base class of all resources.
 *
 * @internal
 */
export abstract class UnikernelResource extends pulumi.CustomResource {
  /**
   * @param kind resource kind, such as `Instance`
   * @param name resource name, unique among resources of this kind in the stack
   * @param given inputs of the resource
   * @param outputs names of all output properties; the engine resolves only registered properties
   * @param secrets paths of inputs to encrypt in state, such as `env`, `template.env` or `roms.*.files.*.data`
   * @param opts Pulumi's resource options
   * @param resourceArguments the inputs for which the program may have given a resource
   */
  constructor(
    kind: string,
    name: string,
    given: object,
    outputs: readonly string[],
    secrets: readonly string[],
    opts: pulumi.CustomResourceOptions | undefined,
    resourceArguments: readonly ResourceArgument[] = [],
  ) {
    const args = resourceArguments.reduce(
      (taken, argument) => takeOutputs(`${kind} '${name}'`, taken, argument),
      given,
    );
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
          // @pulumi/pulumi reads the properties in this order. Errors thrown before or after keep their stack traces: those of
          // transformations, and that of a failed registration, which shows the line of the program.
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
    noteGiven(this, given);
    warnOfUnknownSettings();
    for (const warning of warnings) void pulumi.log.warn(`${kind} '${name}': ${warning}`, this);
  }

  /** True if the value is a resource of this kind, even one created by another copy of this package. */
  protected static isOf(kind: string, value: unknown): boolean {
    return (
      pulumi.CustomResource.isInstance(value) &&
      (value as { __pulumiType?: unknown }).__pulumiType === `pulumi-nodejs:dynamic/${MODULE}:${kind}`
    );
  }
}

/** Path of the first map with a key `__proto__`, which the Pulumi SDK would drop without a word; `undefined` if there is none. */
function findProtoKey(value: unknown, path = ""): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  // Outputs, promises and resources are none of the program's own maps.
  const isPlain = Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value) as object);
  if (!isPlain) return undefined;
  if (Object.hasOwn(value, "__proto__")) return path;
  for (const [key, inner] of Object.entries(value)) {
    const found = findProtoKey(inner, path === "" ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Throws a `RunError` if a required argument is missing, so that the error shows the line of the constructor call. Lookups by id or
 * URN need no arguments.
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
  const lost = findProtoKey(args);
  if (lost !== undefined)
    throw new pulumi.RunError(
      `INPUT_INVALID: ${kind}: '${lost}' has a key '__proto__', which Pulumi cannot transport. Rename it.`,
    );
  for (const name of names) {
    if ((args as Record<string, unknown>)[name] === undefined) {
      throw new pulumi.RunError(`INPUT_INVALID: Missing required property '${name}' of ${kind}.`);
    }
  }
}
