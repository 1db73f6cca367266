/** How functions are called: in this process, with the settings of the Provider that they are given, or of the stack. */
import * as pulumi from "@pulumi/pulumi";
import { type ProviderSettings, settingsOf, stackSettings } from "./provider";

type Invoke = (name: string, args: object, settings: ProviderSettings) => Promise<object>;

/** Loaded with the first call: a program that calls no function does not pay for the client. */
// Not a dynamic import(), which would need a newer compiler than programs may have.
const load = (): Invoke => (require("../provider/frontend/functions") as { readonly invoke: Invoke }).invoke;

const providerIn = (opts: pulumi.InvokeOptions | undefined): pulumi.ProviderResource | undefined => {
  if (opts === undefined) return undefined;
  if (opts.provider !== undefined) return opts.provider;
  const { parent } = opts;
  return parent === undefined
    ? undefined
    : (parent.getProvider("pulumi-nodejs:dynamic:Resource") as pulumi.ProviderResource | undefined);
};

/** Not secret, although the token is: a result does not hold it, and would be as secret as what it was made with. */
const settingsFor = (opts: pulumi.InvokeOptions | undefined): pulumi.Output<ProviderSettings> =>
  pulumi.unsecret(settingsOf(providerIn(opts)) ?? stackSettings());

/** An output's value, at once: fails for one that is not known yet. */
function promiseOf<T>(output: pulumi.Output<T>): Promise<T> {
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
  const settings = await promiseOf(settingsFor(opts));
  return (await load()(name, args, settings)) as unknown as R;
}

/**
 * Calls a function when its arguments are known, and after what it depends on.
 *
 * @internal
 */
export function invokeOutput<R>(
  name: string,
  args: object,
  opts: pulumi.InvokeOutputOptions | undefined,
): pulumi.Output<R> {
  const dependencies = opts === undefined || opts.dependsOn === undefined ? [] : opts.dependsOn;
  const waited = pulumi
    .output(dependencies)
    .apply((found) => pulumi.all([found].flat().map((one) => (one as pulumi.Resource).urn)));
  return pulumi
    .all([pulumi.output(args), settingsFor(opts), waited])
    .apply(([known, settings]) => load()(name, known, settings)) as unknown as pulumi.Output<R>;
}
