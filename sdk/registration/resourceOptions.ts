/** The options of a resource: which are passed to the provider beside the arguments, and which cannot work. */
import * as pulumi from "@pulumi/pulumi";
import { argumentError } from "./argumentError";
import { parseDuration } from "./duration";
import { usesExclusively } from "./exclusiveUse";
import { isLocalMetro } from "../provider";

/** Options that the dynamic protocol drops, as inputs. */
interface PassedOptions {
  readonly __timeouts?: { readonly [key: string]: number };
  readonly __replaceOnChanges?: readonly string[];
}

/** What becomes of the options of one resource. */
export interface CheckedOptions {
  readonly passed: PassedOptions;
  /** What the engine gets. */
  readonly options: pulumi.CustomResourceOptions;
  /** What the user gets to read. */
  readonly warnings: readonly string[];
}

/** A resource about to be registered. */
interface Registration {
  readonly kind: string;
  readonly name: string;
  readonly type: string;
  readonly args: object;
  /** Every property by name. */
  readonly properties: readonly string[];
}

const OPERATIONS = ["create", "update", "delete"] as const;
/** Source: the range of `unikernel:timeouts`. */
const MIN_TIMEOUT_MS = 1_000;
const MAX_TIMEOUT_MS = 86_400_000;

/** A path in Pulumi's notation, with its first part in one of two groups. Source: the engine's `ParsePropertyPath`. */
const PATH = /^(?:([^.[\]]+)|\[(?:"((?:\\"|[^"])*)"|\d+|\*)\])(?:\.[^.[\]]+|\.?\[(?:"(?:\\"|[^"])*"|\d+|\*)\])*$/;

/** Options that name properties. */
const PATH_OPTIONS = ["replaceOnChanges", "ignoreChanges", "hideDiffs", "additionalSecretOutputs"] as const;

/** Options for plugins; this package runs in the program's own copy of Node. */
const PLUGIN_OPTIONS = ["version", "pluginDownloadURL", "envVarMappings"] as const;

/** Fails a constructor at the line that called it. */
function invalid({ kind, name }: Registration, sentence: string): never {
  throw argumentError(`${kind} '${name}'`, sentence);
}

/** The timeouts in milliseconds. Adds to `warnings` what has no effect. */
function timeoutsIn(
  registration: Registration,
  given: pulumi.CustomTimeouts,
  warnings: string[],
): { readonly [key: string]: number } {
  const timeouts: { [key: string]: number } = {};
  for (const operation of OPERATIONS) {
    const text = given[operation];
    if (text === undefined || text === null || text === "") continue;
    const ms = parseDuration(String(text));
    if (ms === undefined)
      invalid(
        registration,
        `customTimeouts.${operation}: '${text}' is not a duration; write one such as "40s", "5m" or "1h30m".`,
      );
    if (ms === 0) {
      // As in every provider.
      warnings.push(`customTimeouts.${operation}: '${text}' means the default; the shortest time is "1s".`);
      continue;
    }
    if (ms < MIN_TIMEOUT_MS || ms > MAX_TIMEOUT_MS)
      invalid(registration, `customTimeouts.${operation}: must be "1s" to "24h", got '${text}'.`);
    timeouts[`${operation}Ms`] = ms;
  }
  return timeouts;
}

/** Fails for a text that is no path; the warnings are about paths that lead nowhere. */
function checkPaths(registration: Registration, opts: pulumi.CustomResourceOptions): readonly string[] {
  const warnings: string[] = [];
  for (const option of PATH_OPTIONS) {
    for (const path of opts[option] || []) {
      const found = PATH.exec(path);
      if (found === null)
        return invalid(registration, `${option}: '${path}' is not a property path, such as "env" or "ports[0].port".`);
      const root = found[1] === undefined ? found[2] : found[1];
      if (root === undefined || root === "*" || registration.properties.indexOf(root) >= 0) continue;
      warnings.push(`${option}: ${registration.kind} has no property '${root}', so '${path}' has no effect.`);
    }
  }
  return warnings;
}

/** The provider that the resource will have; `undefined` for the stack's own settings. */
const providerOf = ({ type }: Registration, opts: pulumi.CustomResourceOptions): pulumi.ProviderResource | undefined =>
  opts.provider || (pulumi.Resource.isInstance(opts.parent) ? opts.parent.getProvider(type) : undefined);

/** The package of a Provider; the method is left out of the types. */
const packageOf = (provider: pulumi.ProviderResource | undefined): string | undefined =>
  provider === undefined ? undefined : (provider as unknown as { getPackage(): string }).getPackage();

/** Of a resource that is looked up, the engine runs no operation that these could concern. */
const LOOK_UP_WITHOUT = ["customTimeouts", "replaceOnChanges", "deleteBeforeReplace"] as const;

/**
 * Sorts the options of a resource. What is added by transforms, or by transformations of a parent, is not among them.
 *
 * Throws at the caller's line for what can never work: `import`, a malformed duration or path, another package's provider.
 */
export function checkOptions(
  registration: Registration,
  given: pulumi.CustomResourceOptions | undefined,
): CheckedOptions {
  const opts = given || {};
  const { kind } = registration;
  if (opts.import !== undefined)
    invalid(
      registration,
      "the option import does not work with this package. To manage an existing object, give its name and adopt: true" +
        (kind === "GatewayImage"
          ? "; a GatewayImage is built again instead."
          : "; to read it only, use " + kind + ".get()."),
    );
  if (opts.provider !== undefined && !pulumi.ProviderResource.isInstance(opts.provider))
    invalid(registration, "the option provider takes a unikernel.Provider.");
  const providerPackage = packageOf(opts.provider);
  if (providerPackage !== undefined && providerPackage !== "pulumi-nodejs")
    invalid(registration, `the option provider takes a unikernel.Provider, not one of '${providerPackage}'.`);
  const warnings = [...checkPaths(registration, opts)];
  const timeouts = opts.customTimeouts ? timeoutsIn(registration, opts.customTimeouts, warnings) : {};
  if (opts.customTimeouts && opts.customTimeouts.read)
    warnings.push("customTimeouts.read has no effect: reading waits for nothing.");
  const options = { ...opts };
  for (const option of PLUGIN_OPTIONS) {
    if (opts[option] === undefined) continue;
    warnings.push(`the option ${option} has no effect: there is no plugin of this package.`);
    delete options[option];
  }
  if (opts.id !== undefined || opts.urn !== undefined) {
    for (const option of LOOK_UP_WITHOUT)
      if (opts[option] !== undefined)
        warnings.push(`the option ${option} has no effect on a resource that is looked up.`);
    return { passed: {}, options, warnings };
  }
  if (
    opts.deleteBeforeReplace === undefined &&
    usesExclusively(registration.args, isLocalMetro(providerOf(registration, opts)))
  )
    options.deleteBeforeReplace = true;
  return {
    passed: {
      ...(Object.keys(timeouts).length > 0 ? { __timeouts: timeouts } : {}),
      ...((opts.replaceOnChanges || []).length > 0 ? { __replaceOnChanges: opts.replaceOnChanges } : {}),
    },
    options,
    warnings,
  };
}
