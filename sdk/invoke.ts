/** How functions are called: in this process, with the settings of the Provider that they are given, or of the stack. */
import * as pulumi from "@pulumi/pulumi";
import { type ProviderSettings, settingsOf, stackSettings } from "./provider";

type Invoke = (name: string, args: object, settings: ProviderSettings) => Promise<object>;

/** Loaded with the first call: a program that calls no function does not pay for the client. */
// Not a dynamic import(), which would need a newer compiler than programs may have.
const loadInvoke = (): Invoke => (require("../provider/pulumi/invoke") as { readonly invoke: Invoke }).invoke;

const providerFrom = (opts: pulumi.InvokeOptions | undefined): pulumi.ProviderResource | undefined => {
  if (opts === undefined) return undefined;
  if (opts.provider !== undefined) return opts.provider;
  const { parent } = opts;
  return parent === undefined
    ? undefined
    : (parent.getProvider("pulumi-nodejs:dynamic:Resource") as pulumi.ProviderResource | undefined);
};

/** Not secret, although the token is: a result does not hold it, and would be as secret as what it was made with. */
const settingsFor = (opts: pulumi.InvokeOptions | undefined): pulumi.Output<ProviderSettings> =>
  pulumi.unsecret(settingsOf(providerFrom(opts)) ?? stackSettings());

/** An output's value, at once: fails for one that is not known yet. */
function toPromise<T>(output: pulumi.Output<T>): Promise<T> {
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
 * Calls a function with plain arguments.
 *
 * @internal
 */
export async function invoke<R>(name: string, args: object, opts: pulumi.InvokeOptions | undefined): Promise<R> {
  const settings = await toPromise(settingsFor(opts));
  return (await loadInvoke()(name, args, settings)) as unknown as R;
}

/** What Pulumi's own classes keep, and its own functions read, without a name for it in their types. */
interface PulumiInternals {
  /** Of an output: every resource that its value came from. */
  readonly allResources?: () => Promise<Iterable<pulumi.Resource>>;
  /** Of a component: resolves when its constructor is done with its children. */
  readonly __data?: Promise<unknown>;
  readonly __childResources?: Iterable<pulumi.Resource>;
}

/** Adds the resources that exist by themselves: for a component, those that it consists of. */
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
 * Resolves when all of them are registered. Not known in a preview while one of them is still to be made, as with Pulumi's own
 * functions: its URN is known by then, its id is not.
 */
async function whenRegistered(resources: Iterable<pulumi.Resource>): Promise<pulumi.Output<unknown>> {
  const found = new Set<pulumi.Resource>();
  await collectResources(resources, found);
  const urnsAndIds = [...found].map((one) =>
    // A resource of another process is known by its URN alone.
    pulumi.CustomResource.isInstance(one) ? [one.urn, one.id as typeof one.id | undefined] : [one.urn],
  );
  return pulumi.all(urnsAndIds.flat());
}

/**
 * Calls a function when its arguments are known, and after what they come from and what it depends on.
 *
 * @internal
 */
export function invokeOutput<R>(
  name: string,
  args: object,
  opts: pulumi.InvokeOutputOptions | undefined,
): pulumi.Output<R> {
  const dependencies = opts === undefined || opts.dependsOn === undefined ? [] : opts.dependsOn;
  const wanted = pulumi.output(args);
  const waited = pulumi.output(dependencies).apply(async (found) => {
    const sources = await (wanted as PulumiInternals).allResources?.();
    return whenRegistered([...([found].flat() as pulumi.Resource[]), ...(sources ?? [])]);
  });
  return pulumi
    .all([wanted, settingsFor(opts), waited])
    .apply(([known, settings]) => loadInvoke()(name, known, settings)) as unknown as pulumi.Output<R>;
}
