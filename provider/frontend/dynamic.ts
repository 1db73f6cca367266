/**
 * Front end A: the dynamic provider. State holds a constant text that requires this module by the name
 * `pulumi-unikernel/dynamic` and takes one property of it, the provider object of a kind. That name and those
 * properties are kept for as long as any state may hold them.
 *
 * An adapter without decisions of its own. What the dynamic protocol cannot express: detailed diffs, preview of create,
 * import, timeouts, cancel, secrets on the wire (the engine re-applies them by property name).
 *
 * Source of the protocol: @pulumi/pulumi `cmd/dynamic-provider/index.ts`.
 */
import * as crypto from "node:crypto";
import { type PartialSettings, metroAddress, resolveMetro } from "../base/config";
import { UnikernelError, explain } from "../base/errors";
import { AUTO_NAME_KEY, RESOURCE_NAME_KEY, keepsName, withName } from "../definition/autoname";
import { check as checkInputs } from "../definition/check";
import type { CheckFailure, Properties } from "../definition/define";
import { diff as diffInputs } from "../definition/diff";
import { VERSION_KEY, migrate, versionOf } from "../definition/migrate";
import { PartialFailure } from "../definition/partial";
import { type AnyResource, type Kind, resourceOf } from "../resources/all";
import { type ProviderContext, createContext } from "../resources/context";
import { engineAddress, watchEngine } from "./engineWatch";
import { HOME_KEY, type Home, assertLivesAt, movesTo } from "./whereabouts";

/** The part of the engine's configure request that is read. Keys are full: `unikernel:metro`. */
interface ConfigureRequest {
  readonly config: { get(key: string): string | undefined };
}

/** The provider object that the dynamic provider process calls. */
export interface DynamicProvider {
  configure(request: ConfigureRequest): Promise<void>;
  check(
    olds: Properties,
    news: Properties,
  ): Promise<{ inputs: Properties; failures: { property: string; reason: string }[] }>;
  diff(
    id: string,
    olds: Properties,
    news: Properties,
  ): Promise<{ changes: boolean; replaces: string[]; deleteBeforeReplace: boolean }>;
  create(inputs: Properties): Promise<{ id: string; outs: Properties }>;
  read(id: string, props: Properties): Promise<{ id?: string; props?: Properties; inputs?: Properties }>;
  update(id: string, olds: Properties, news: Properties): Promise<{ outs: Properties }>;
  delete(id: string, props: Properties): Promise<void>;
}

/**
 * What `configure` was told. One process serves one provider instance, so all kinds share it; it is stored without an
 * await, because the process may call other methods while `configure` still runs.
 */
let settings: PartialSettings = {};
/** Name of the explicit Provider that this process serves; empty for the stack's own settings. */
let providerName = "";
let context: ProviderContext | undefined;

const here = (): Home => ({ metro: metroAddress({ provider: settings }), provider: providerName });

/** A resource in messages: `Volume 'data'`. */
const labelOf = ({ kind }: AnyResource, state: Properties): string =>
  `${kind} '${String(state[RESOURCE_NAME_KEY] ?? "")}'`;

/** What is wrong with metro or token, so that a preview shows it. The engine asks for no check while either is unknown. */
function settingsFailures({ kind, onlyIn }: AnyResource): readonly CheckFailure[] {
  try {
    const { metro } = resolveMetro({ provider: settings });
    if (onlyIn === undefined || metro === onlyIn.metro) return [];
    return [
      { property: "", reason: `${kind} works with metro '${onlyIn.metro}' only, not with '${metro}'. ${onlyIn.hint}` },
    ];
  } catch (error) {
    return [{ property: "", reason: explain(error) }];
  }
}

/** The protocol has no `undefined` (it fails without naming the property), no Date, no bigint: keep what JSON keeps. */
const toWire = (value: Properties): Properties => JSON.parse(JSON.stringify(value)) as Properties;

/** The key of the text that loads this module. The process copies it to every result except that of a partial failure. */
const PROVIDER_KEY = "__provider";
const HIDDEN_KEYS: readonly string[] = [PROVIDER_KEY, RESOURCE_NAME_KEY, AUTO_NAME_KEY, VERSION_KEY];

/** Keys of the engine and of this adapter, kept in state beside the properties. */
const hidden = (state: Properties): Properties =>
  Object.fromEntries(Object.entries(state).filter(([key]) => HIDDEN_KEYS.includes(key)));

/** The fields of a schema among all properties, with defaults for what an older release, or a `get`, left out. */
function inputsOf(resource: AnyResource, state: Properties): Properties {
  const given = Object.entries(state).filter(([key, value]) => key in resource.inputs.shape && value != null);
  const inputs = Object.fromEntries(given);
  return resource.inputs.safeParse(inputs).data ?? inputs;
}

const observedIn = (resource: AnyResource, state: Properties) => ({
  inputs: inputsOf(resource, state),
  outputs: state,
});

/** The version of the state's shape; the first is left out, since it is what a state without a version has. */
const versionIn = (resource: AnyResource): Properties =>
  versionOf(resource) === 1 ? {} : { [VERSION_KEY]: versionOf(resource) };

/** State = what identifies it, inputs, outputs. */
const outs = (resource: AnyResource, news: Properties, inputs: Properties, outputs: Properties): Properties =>
  toWire({ ...hidden(news), ...versionIn(resource), [HOME_KEY]: here(), ...inputs, ...outputs });

/**
 * An error as the dynamic process reports it. The engine prints `message`, or of a partial failure only `reasons`, so the
 * whole text goes into each of them. Of a failed check, diff, read or delete the process itself prints the error and its stack as
 * well: that line only says whose error follows.
 */
function toReport(resource: AnyResource, news: Properties, error: unknown): Error {
  const isPartial = error instanceof PartialFailure;
  const cause = isPartial ? error.cause : error;
  if (!isPartial && !UnikernelError.is(cause)) return cause instanceof Error ? cause : new Error(String(cause));
  const text = explain(cause);
  const report = Object.assign(new Error(text), {
    toString: () => labelOf(resource, news),
    stack: "failed; the reason follows.",
  });
  if (!isPartial) return report;
  const properties = outs(resource, news, inputsOf(resource, news), error.outputs);
  return Object.assign(report, { id: error.id, properties, reasons: [text] });
}

function providerOf(kind: Kind): DynamicProvider {
  const resource = resourceOf(kind);

  /** Runs one lifecycle function; whatever it throws becomes a report. */
  async function run<T>(news: Properties, action: (context: ProviderContext) => Promise<T>): Promise<T> {
    try {
      context ??= createContext(resolveMetro({ provider: settings }));
      assertLivesAt(here(), news, labelOf(resource, news));
      return await action(context);
    } catch (error) {
      throw toReport(resource, news, error);
    }
  }

  function moved(state: Properties): boolean {
    try {
      return movesTo(here(), state, labelOf(resource, state));
    } catch (error) {
      throw toReport(resource, state, error);
    }
  }

  return {
    configure(request) {
      providerName = request.config.get("unikernel:provider") ?? "";
      const given = { metro: request.config.get("unikernel:metro"), token: request.config.get("unikernel:token") };
      if (given.metro !== settings.metro || given.token !== settings.token) {
        settings = given;
        context = undefined;
      }
      return Promise.resolve();
    },

    async check(olds, news) {
      const resourceName = String(news[RESOURCE_NAME_KEY] ?? kind);
      const named = withName(resourceName, olds, news, crypto.randomBytes(4).toString("hex"));
      const given = Object.fromEntries(Object.entries(named).filter(([key]) => !HIDDEN_KEYS.includes(key)));
      const checked = await checkInputs(resource, olds, given);
      const failures = [...settingsFailures(resource), ...checked.failures];
      return {
        inputs: toWire({ ...checked.inputs, ...hidden(named) }),
        // Without a property the engine prints just our text; with one it would print the value too, secrets included.
        failures: failures.map(({ property, reason }) => ({
          property: "",
          reason: property === "" ? reason : `${property}: ${reason}`,
        })),
      };
    },

    diff(_id, state, news) {
      const olds = migrate(resource, state);
      const changes = diffInputs(resource, inputsOf(resource, olds), news);
      const moves = moved(olds);
      const replaces = changes.filter((change) => change.replace).map((change) => change.property);
      return Promise.resolve({
        changes: moves || changes.length > 0,
        replaces: moves ? [HOME_KEY, ...replaces] : replaces,
        // In another metro nothing stands in the way of a successor.
        deleteBeforeReplace:
          !moves && replaces.length > 0 && (keepsName(olds, news) || resource.deleteBeforeReplace?.(news) === true),
      });
    },

    create: (news) =>
      run(news, async (context) => {
        const inputs = inputsOf(resource, news);
        const { id, outputs } = await resource.create(context, inputs);
        return { id, outs: outs(resource, news, inputs, outputs) };
      }),

    read: (id, props) =>
      run(props, async (context) => {
        const olds = migrate(resource, props);
        const observed = await resource.read(context, id, inputsOf(resource, olds));
        if (observed === undefined) return {};
        return {
          id,
          props: outs(resource, props, observed.inputs, observed.outputs),
          inputs: toWire({ ...hidden(props), ...observed.inputs }),
        };
      }),

    update: (id, olds, news) =>
      run(news, async (context) => {
        const inputs = inputsOf(resource, news);
        const outputs = await resource.update(context, id, observedIn(resource, migrate(resource, olds)), inputs);
        return { outs: outs(resource, news, inputs, outputs) };
      }),

    delete: (id, props) =>
      run(props, (context) => resource.delete(context, id, observedIn(resource, migrate(resource, props)))),
  };
}

export const Instance = providerOf("Instance");
export const Service = providerOf("Service");
export const Volume = providerOf("Volume");
export const Certificate = providerOf("Certificate");
export const GatewayImage = providerOf("GatewayImage");

const engine = engineAddress(process.argv);
if (engine !== undefined) watchEngine(engine, () => process.exit(0));
