/** Explicit provider instances, for several metros in one program. */
import * as pulumi from "@pulumi/pulumi";

/** Arguments of {@link Provider}. What is left out comes from the stack's configuration, then from the environment. */
export interface ProviderArgs {
  /** `local`, a metro code such as `fra`, or the URL of an API. Default: `unikernel:metro`, UKC_METRO, `fra`. */
  readonly metro?: pulumi.Input<string> | undefined;
  /** API token; kept secret. Not needed for `local`. Default: `unikernel:token`, UKC_TOKEN. */
  readonly token?: pulumi.Input<string> | undefined;
}

/** Settings by the names that the stack's configuration has for them. */
export type ProviderSettings = { readonly metro?: string | undefined; readonly token?: string | undefined };

/** What functions need of a Provider: the engine keeps its inputs, but does not give them back to the program. */
const known = new WeakMap<pulumi.ProviderResource, pulumi.Output<ProviderSettings>>();

/**
 * The settings that a Provider was made with; `undefined` for none, or for a Provider of another package.
 *
 * @internal
 */
export const settingsOf = (
  provider: pulumi.ProviderResource | undefined,
): pulumi.Output<ProviderSettings> | undefined => (provider === undefined ? undefined : known.get(provider));

/**
 * The stack's own settings.
 *
 * @internal
 */
export function stackSettings(): pulumi.Output<ProviderSettings> {
  const stack = new pulumi.Config("unikernel");
  return pulumi.output({
    metro: stack.get("metro"),
    token: stack.getSecret("token"),
  }) as pulumi.Output<ProviderSettings>;
}

/**
 * One metro and its token: `new Instance("i", { … }, { provider: new Provider("fra", { metro: "fra" }) })`.
 *
 * The engine starts one provider process per Provider. It belongs to package `pulumi-nodejs`, so a component that is given it
 * passes it on to every dynamic resource below.
 *
 * A changed token changes no resource. A resource that is given a Provider of another metro is replaced. The metro of a Provider
 * that has resources cannot be changed: make a second Provider.
 */
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: ProviderArgs = {}, opts?: pulumi.ResourceOptions) {
    const stack = new pulumi.Config("unikernel");
    const token = args.token ?? stack.getSecret("token");
    // Keys hold a colon because the dynamic provider process puts the project's name before keys without one.
    const inputs = {
      "unikernel:metro": args.metro ?? stack.get("metro"),
      "unikernel:provider": name,
      "unikernel:token": token === undefined ? undefined : pulumi.secret(token),
    };
    super("pulumi-nodejs", name, inputs, opts);
    known.set(
      this,
      pulumi.output({
        metro: inputs["unikernel:metro"],
        token: inputs["unikernel:token"],
      }) as pulumi.Output<ProviderSettings>,
    );
  }
}
