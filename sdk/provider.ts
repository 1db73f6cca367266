/** Explicit provider instances, for several metros in one program. */
import * as pulumi from "@pulumi/pulumi";
import { environmentMetro } from "./environment";

/** Arguments of {@link Provider}. What is left out comes from the stack's configuration, then from the environment. */
export interface ProviderArgs {
  /** `local`, a metro code such as `fra`, or the URL of an API. Default: `unikernel:metro`, UKC_METRO, `fra`. */
  readonly metro?: pulumi.Input<string> | undefined;
  /** API token; kept secret. Not needed for `local`. Default: `unikernel:token`, UKC_TOKEN. */
  readonly token?: pulumi.Input<string> | undefined;
  /**
   * URL of the control plane, which knows the addresses of metros. Default: `unikernel:controlPlane`, UNIKERNEL_CONTROL_PLANE; else
   * the vendor's for the vendor's metros, and the API's own for a metro that is given by URL.
   */
  readonly controlPlane?: pulumi.Input<string> | undefined;
  /**
   * How long an operation on one resource may take. Default: `unikernel:timeouts`, UNIKERNEL_TIMEOUTS (as JSON), 300,000 ms each.
   */
  readonly timeouts?: pulumi.Input<OperationTimeouts> | undefined;
  /**
   * Most requests at the same time, 1 to 256; waits for an instance are not counted. Default: `unikernel:maxConcurrency`,
   * UNIKERNEL_MAX_CONCURRENCY, 16.
   */
  readonly maxConcurrency?: pulumi.Input<number> | undefined;
  /**
   * URL of an HTTP proxy for requests to metro and control plane, with user and password if it wants them; kept secret. Default:
   * `unikernel:proxy`, UNIKERNEL_PROXY; else HTTPS_PROXY and NO_PROXY as everywhere.
   */
  readonly proxy?: pulumi.Input<string> | undefined;
}

/** How long each operation on one resource may take, in milliseconds, 1,000 to 86,400,000. Time to drain is added. */
interface OperationTimeouts {
  /** Most milliseconds to create a resource. Default 300,000. */
  readonly createMs?: pulumi.Input<number> | undefined;
  /** Most milliseconds to update a resource. Default 300,000. */
  readonly updateMs?: pulumi.Input<number> | undefined;
  /** Most milliseconds to delete a resource. Default 300,000. */
  readonly deleteMs?: pulumi.Input<number> | undefined;
}

/** Names of the settings, as the stack's configuration has them. */
type SettingKey = keyof ProviderArgs;

/** Settings by name, as text: what is not text is JSON. */
export type ProviderSettings = { readonly [K in SettingKey]?: string | undefined };

const SECRET_KEYS: readonly SettingKey[] = ["token", "proxy"];
const PLAIN_KEYS: readonly SettingKey[] = ["metro", "controlPlane", "timeouts", "maxConcurrency"];

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

/** What functions need of a Provider: the engine keeps its inputs, but does not give them back to the program. */
const settingsByProvider = new WeakMap<pulumi.ProviderResource, pulumi.Output<ProviderSettings>>();

/**
 * The settings that a Provider was made with; `undefined` for none, or for a Provider of another package.
 *
 * @internal
 */
export const settingsOf = (
  provider: pulumi.ProviderResource | undefined,
): pulumi.Output<ProviderSettings> | undefined =>
  provider === undefined ? undefined : settingsByProvider.get(provider);

/**
 * The stack's own settings.
 *
 * @internal
 */
export const stackSettings = (): pulumi.Output<ProviderSettings> =>
  pulumi.output(resolveSettings({})) as pulumi.Output<ProviderSettings>;

type SettingInputs = { [K in SettingKey]?: pulumi.Input<string> | undefined };

/** What is given, and the rest from the stack's configuration. */
function resolveSettings(args: ProviderArgs): SettingInputs {
  const stack = new pulumi.Config("unikernel");
  const settings: SettingInputs = {};
  for (const key of PLAIN_KEYS) {
    const given = args[key];
    settings[key] = given === undefined ? stack.get(key) : toConfigText(given);
  }
  for (const key of SECRET_KEYS) {
    const given = args[key];
    settings[key] = given === undefined ? stack.getSecret(key) : pulumi.secret(toConfigText(given));
  }
  return settings;
}

/** The engine passes settings on as text. */
const toConfigText = (given: pulumi.Input<string | number | OperationTimeouts>): pulumi.Output<string> =>
  pulumi.output(given).apply((value) => (typeof value === "string" ? value : JSON.stringify(value)));

/**
 * Timeouts as a Provider's inputs hold them: in seconds, `{"create":600}`, as they did before times were in milliseconds. The engine
 * compares inputs as text, and would show another text as a change. `provider/pulumi/dynamic/storedTimeouts.ts` reads them.
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
          return text; // what is wrong with it is said by the provider
        }
      });

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
    const settings = resolveSettings(args);
    // Keys hold a colon because the dynamic provider process puts the project's name before keys without one.
    const inputs: { [key: string]: pulumi.Input<string> | undefined } = { "unikernel:provider": name };
    for (const key of [...PLAIN_KEYS, ...SECRET_KEYS]) inputs[`unikernel:${key}`] = settings[key];
    inputs["unikernel:timeouts"] = toStoredTimeouts(settings.timeouts);
    super("pulumi-nodejs", name, inputs, opts);
    const metro = plainMetro(args.metro);
    if (metro !== undefined) metroByProvider.set(this, metro);
    settingsByProvider.set(this, pulumi.output(settings) as pulumi.Output<ProviderSettings>);
  }
}
