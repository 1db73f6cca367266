/** Calls functions: in this process, with the settings of the Provider in the options, or else of the stack. */
import * as pulumi from "@pulumi/pulumi";
// Two imports: the compiler that Pulumi bundles cannot read a type among the names of one.
import type { ProviderSettings } from "./provider";
import { settingsOf, stackSettings } from "./provider";

type Invoke = (name: string, args: object, settings: ProviderSettings) => Promise<object>;

/** Loaded on the first call, so that a program without function calls does not load the client. */
// Not a dynamic import(), which needs a newer compiler than programs may have.
const loadInvoke = (): Invoke => (require("../provider/pulumi/invoke") as { readonly invoke: Invoke }).invoke;

const providerFrom = (opts: pulumi.InvokeOptions | undefined): pulumi.ProviderResource | undefined => {
  if (opts === undefined) return undefined;
  if (opts.provider !== undefined) return opts.provider;
  const { parent } = opts;
  return parent === undefined
    ? undefined
    : (parent.getProvider("pulumi-nodejs:dynamic:Resource") as pulumi.ProviderResource | undefined);
};

/**
 * The settings, not marked as secret although the token is: otherwise every result would be secret, although none contains the token.
 *
 * @internal
 */
export const settingsOfProvider = (provider: pulumi.ProviderResource | undefined): pulumi.Output<ProviderSettings> =>
  pulumi.unsecret(settingsOf(provider) ?? stackSettings());
const settingsFor = (opts: pulumi.InvokeOptions | undefined): pulumi.Output<ProviderSettings> =>
  settingsOfProvider(providerFrom(opts));

/**
 * The value of an output; rejects if it is not known yet.
 *
 * @internal
 */
export function toPromise<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const inner = output as unknown as { promise(): Promise<T>; isKnown: Promise<boolean> };
    inner.isKnown
      .then((known) =>
        known ? inner.promise().then(resolve, reject) : reject(new Error("The Provider's settings are not known yet.")),
      )
      .catch(reject);
  });
}

/**
 * Calls a function with plain arguments. Rejects if the Provider's settings are not known yet.
 *
 * @internal
 */
export async function invoke<R>(name: string, args: object, opts: pulumi.InvokeOptions | undefined): Promise<R> {
  const settings = await toPromise(settingsFor(opts));
  return (await loadInvoke()(name, args, settings)) as unknown as R;
}

/** Members of Pulumi's classes that its own functions use but that its types do not declare. */
interface PulumiInternals {
  /** Of an output: all resources that its value depends on. */
  readonly allResources?: () => Promise<Iterable<pulumi.Resource>>;
  /** Of a component: resolves when its constructor has created its children. */
  readonly __data?: Promise<unknown>;
  /** Of a component: its children. */
  readonly __childResources?: Iterable<pulumi.Resource>;
}

/** Adds the resources, and the children of components, to `found`. */
async function collectResources(resources: Iterable<pulumi.Resource>, found: Set<pulumi.Resource>): Promise<void> {
  for (const one of resources) {
    if (found.has(one)) continue;
    found.add(one);
    if (!pulumi.ComponentResource.isInstance(one)) continue;
    const component = one as PulumiInternals;
    await component.__data;
    await collectResources(component.__childResources ?? [], found);
  }
}

/**
 * Resolves when all resources are registered. The output is unknown in a preview that creates one of them, as with Pulumi's own
 * functions: such a resource has a URN but no id yet.
 */
async function whenRegistered(resources: Iterable<pulumi.Resource>): Promise<pulumi.Output<unknown>> {
  const found = new Set<pulumi.Resource>();
  await collectResources(resources, found);
  const urnsAndIds = [...found].map((one) =>
    // Of a resource in another process only the URN is known.
    pulumi.CustomResource.isInstance(one) ? [one.urn, one.id as typeof one.id | undefined] : [one.urn],
  );
  return pulumi.all(urnsAndIds.flat());
}

/**
 * Calls a function once its arguments are known, after the resources that they and `dependsOn` refer to are registered.
 *
 * @internal
 */
export function invokeOutput<R>(
  name: string,
  args: object,
  opts: pulumi.InvokeOutputOptions | undefined,
): pulumi.Output<R> {
  const dependencies = opts === undefined || opts.dependsOn === undefined ? [] : opts.dependsOn;
  const argsOutput = pulumi.output(args);
  const registered = pulumi.output(dependencies).apply(async (found) => {
    const sources = await (argsOutput as PulumiInternals).allResources?.();
    return whenRegistered([...([found].flat() as pulumi.Resource[]), ...(sources ?? [])]);
  });
  return pulumi
    .all([argsOutput, settingsFor(opts), registered])
    .apply(([knownArgs, settings]) => loadInvoke()(name, knownArgs, settings)) as unknown as pulumi.Output<R>;
}
