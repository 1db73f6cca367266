/** Explicit providers, for several metros in one program. */
import * as pulumi from "@pulumi/pulumi";
import { environmentMetro } from "./environment";

/** Arguments of {@link Provider}. A setting that is left out is read from the stack's configuration, then from the environment. */
export interface ProviderArgs {
  /** `local`, a metro code such as `fra`, or the URL of an API. Default: `unikernel:metro`, UKC_METRO, `fra`. */
  readonly metro?: pulumi.Input<string> | undefined;
  /** API token, encrypted in state. Not needed for `local`. Default: `unikernel:token`, UKC_TOKEN. */
  readonly token?: pulumi.Input<string> | undefined;
  /**
   * URL of the control plane, which lists metros and their addresses. Default: `unikernel:controlPlane`, UNIKERNEL_CONTROL_PLANE; else
   * the vendor's control plane for the vendor's metros, and the metro's URL for a metro given by URL.
   */
  readonly controlPlane?: pulumi.Input<string> | undefined;
  /**
   * Time limits of operations on one resource. Default: `unikernel:timeouts`, UNIKERNEL_TIMEOUTS (JSON), 300,000 ms each.
   */
  readonly timeouts?: pulumi.Input<OperationTimeouts> | undefined;
  /**
   * Maximum number of concurrent requests, 1 to 256; requests that wait for an instance do not count. Default:
   * `unikernel:maxConcurrency`, UNIKERNEL_MAX_CONCURRENCY, 16.
   */
  readonly maxConcurrency?: pulumi.Input<number> | undefined;
  /**
   * URL of an HTTP proxy for requests to the metro and the control plane, encrypted in state; it may contain a user and a password.
   * Default: `unikernel:proxy`, UNIKERNEL_PROXY; else HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
   */
  readonly proxy?: pulumi.Input<string> | undefined;
  /**
   * File to which each event of a rolling update is appended as a line of JSON; a relative path is relative to the program's folder.
   * Default: `unikernel:rolloutEventsFile`, UNIKERNEL_ROLLOUT_EVENTS_FILE, none.
   */
  readonly rolloutEventsFile?: pulumi.Input<string> | undefined;
}

/** Time limits of operations on one resource, in milliseconds, 1,000 to 86,400,000 each. Drain timeouts are added to them. */
interface OperationTimeouts {
  /** Time limit to create a resource, in milliseconds. Default 300,000. */
  readonly createMs?: pulumi.Input<number> | undefined;
  /** Time limit to update a resource, in milliseconds. Default 300,000. */
  readonly updateMs?: pulumi.Input<number> | undefined;
  /** Time limit to delete a resource, in milliseconds. Default 300,000. */
  readonly deleteMs?: pulumi.Input<number> | undefined;
}

/** Names of the settings, the same as in the stack's configuration. */
type SettingKey = keyof ProviderArgs;

/** Settings by name. Values that are not text are encoded as JSON. */
export type ProviderSettings = { readonly [K in SettingKey]?: string | undefined };

/**
 * Every setting.
 *
 * @internal
 */
export const SETTING_KEYS: readonly SettingKey[] = [
  "metro",
  "token",
  "controlPlane",
  "timeouts",
  "maxConcurrency",
  "proxy",
  "rolloutEventsFile",
];
const SECRET_KEYS: readonly SettingKey[] = ["token", "proxy"];
const PLAIN_KEYS = SETTING_KEYS.filter((key) => SECRET_KEYS.indexOf(key) < 0);

/** The metro of a Provider, where the program knows it without waiting. */
const metroByProvider = new WeakMap<pulumi.ProviderResource, string>();

/** The metro that is written in the program, in the stack's configuration or in the environment; `undefined` if it is an output. */
function plainMetro(given: ProviderArgs["metro"]): string | undefined {
  if (given === undefined) return new pulumi.Config("unikernel").get("metro") || environmentMetro();
  return typeof given === "string" ? given : undefined;
}

/**
 * True if resources with this Provider, or with the stack's settings, are on the local platform, as far as the program knows.
 *
 * @internal
 */
export function isLocalMetro(provider: pulumi.ProviderResource | undefined): boolean {
  const metro = provider === undefined ? plainMetro(undefined) : metroByProvider.get(provider);
  return metro === "local" || /^https?:\/\/(localhost|127\.[0-9.]+|\[::1\])([:/]|$)/i.test(metro || "");
}

/** The settings of each Provider, for functions: the engine stores a Provider's inputs but does not return them to the program. */
const settingsByProvider = new WeakMap<pulumi.ProviderResource, pulumi.Output<ProviderSettings>>();

/**
 * The settings of a Provider; undefined without a Provider, or for a Provider of another package.
 *
 * @internal
 */
export const settingsOf = (
  provider: pulumi.ProviderResource | undefined,
): pulumi.Output<ProviderSettings> | undefined =>
  provider === undefined ? undefined : settingsByProvider.get(provider);

/**
 * The settings in the stack's configuration.
 *
 * @internal
 */
export const stackSettings = (): pulumi.Output<ProviderSettings> =>
  pulumi.output(resolveSettings({})) as pulumi.Output<ProviderSettings>;

type SettingInputs = { [K in SettingKey]?: pulumi.Input<string> | undefined };

/** The settings in `args`, and the others from the stack's configuration. */
function resolveSettings(args: ProviderArgs): SettingInputs {
  const stack = new pulumi.Config("unikernel");
  const settings: SettingInputs = {};
  for (const key of PLAIN_KEYS) {
    const value = args[key];
    settings[key] = value === undefined ? stack.get(key) : toConfigText(value);
  }
  for (const key of SECRET_KEYS) {
    const value = args[key];
    settings[key] = value === undefined ? stack.getSecret(key) : pulumi.secret(toConfigText(value));
  }
  return settings;
}

/** A setting as text, the only form in which the engine passes settings to the provider. */
const toConfigText = (setting: pulumi.Input<string | number | OperationTimeouts>): pulumi.Output<string> =>
  pulumi.output(setting).apply((value) => (typeof value === "string" ? value : JSON.stringify(value)));

/**
 * Timeouts as stored in a Provider's inputs: in seconds, such as `{"create":600}`. Earlier releases stored seconds, and the engine
 * compares inputs as text, so another form would show as a change. `provider/pulumi/dynamic/storedTimeouts.ts` reads them.
 */
const toStoredTimeouts = (setting: pulumi.Input<string> | undefined): pulumi.Input<string> | undefined =>
  setting === undefined
    ? undefined
    : pulumi.output(setting).apply((text) => {
        try {
          const timeouts = Object.entries(JSON.parse(text) as object);
          const isKnown = timeouts.every(
            ([key, value]) => /^(create|update|delete)Ms$/.test(key) && typeof value === "number",
          );
          if (!isKnown) return text;
          return JSON.stringify(
            Object.fromEntries(timeouts.map(([key, ms]) => [key.slice(0, -"Ms".length), Number(ms) / 1000])),
          );
        } catch {
          return text; // the provider reports the error
        }
      });

/**
 * A metro with its token and other settings: `new Instance("i", { … }, { provider: new Provider("fra", { metro: "fra" }) })`.
 *
 * A resource is bound to its metro. Passing it a Provider of another metro replaces it. The metro of a Provider that has resources
 * cannot be changed; create a second Provider instead. Changing the token changes no resource.
 *
 * The engine starts one provider process per Provider. A Provider belongs to the package `pulumi-nodejs`, so a component passes it to
 * all its dynamic resources.
 */
export class Provider extends pulumi.ProviderResource {
  /**
   * Creates a Provider.
   *
   * @param name resource name, unique among Providers in the stack
   * @param args settings; those that are left out are read from the stack's configuration, then from the environment
   * @param opts Pulumi's resource options
   */
  constructor(name: string, args: ProviderArgs = {}, opts?: pulumi.ResourceOptions) {
    const settings = resolveSettings(args);
    // Keys contain a colon because the dynamic provider process prefixes keys without one with the project's name.
    const inputs: { [key: string]: pulumi.Input<string> | undefined } = { "unikernel:provider": name };
    for (const key of [...PLAIN_KEYS, ...SECRET_KEYS]) inputs[`unikernel:${key}`] = settings[key];
    inputs["unikernel:timeouts"] = toStoredTimeouts(settings.timeouts);
    super("pulumi-nodejs", name, inputs, opts);
    const metro = plainMetro(args.metro);
    if (metro !== undefined) metroByProvider.set(this, metro);
    settingsByProvider.set(this, pulumi.output(settings) as pulumi.Output<ProviderSettings>);
  }
}
