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
import {
  type PartialSettings,
  SETTING_KEYS,
  metroAddress,
  resolveMetro,
  settingText,
} from "../../base/config/metroConfig";
import { UnikernelError, explain } from "../../base/errors";
import { RESOURCE_NAME_KEY, withName } from "../../definition/naming";
import { check as checkInputs } from "../../definition/check";
import type { CheckFailure, Properties } from "../../definition/resource";
import { diff as diffInputs } from "../../definition/diff";
import { migrate } from "../../definition/migrate";
import { type AnyResource, type Kind, resourceOf } from "../../resources/all";
import { type ProviderContext, createContext } from "../../resources/context";
import { fetchQuotas } from "../../resources/fetchQuotas";
import { decide } from "../resourceDiff";
import { engineAddress, watchEngine } from "./engineWatchdog";
import { announcer, foresee } from "../describeChanges";
import { QuotaWatch } from "../quotaChecker";
import { labelOf, toCheckFailure, toReport } from "./errorReport";
import {
  hidden,
  inputsOf,
  isHidden,
  isLookUp,
  observedIn,
  outs,
  owesStart,
  remembered,
  toWire,
  wasLookedUp,
} from "./state";
import { HOME_KEY, type Home, assertLivesAt, movesTo } from "../resourceLocation";

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
const contextNow = (): ProviderContext => (context ??= createContext(resolveMetro({ provider: settings })));

const announce = announcer((line) => void process.stdout.write(`${line}\n`));
const quotas = new QuotaWatch(() => fetchQuotas(contextNow()), announce);

const here = (): Home => ({ metro: metroAddress({ provider: settings }), provider: providerName });

/** What is wrong with the settings, so that a preview shows it. The engine asks for no check while either is unknown. */
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

/** What exceeds the quotas; or the setting with which they could not be asked for, and with which nothing could be made. */
async function quotaFailures(
  resource: AnyResource,
  olds: Properties,
  inputs: Properties,
  news: Properties,
): Promise<readonly string[]> {
  try {
    return await quotas.failures(resource, labelOf(resource, news), olds, inputs);
  } catch (error) {
    return [explain(error)];
  }
}

function providerOf(kind: Kind): DynamicProvider {
  const resource = resourceOf(kind);
  /** Ids that were read and not compared yet: a refresh compares what it read, which is no plan of an update. */
  const refreshed = new Set<string>();

  const report = (news: Properties, error: unknown): Error =>
    toReport(labelOf(resource, news), error, (outputs) =>
      outs(resource, here(), news, inputsOf(resource, news), outputs),
    );

  /** Runs one lifecycle function; whatever it throws becomes a report. */
  async function run<T>(news: Properties, action: (context: ProviderContext) => Promise<T>): Promise<T> {
    try {
      const context = contextNow();
      assertLivesAt(here(), news, labelOf(resource, news));
      return await action(context);
    } catch (error) {
      throw report(news, error);
    }
  }

  function moved(state: Properties): boolean {
    try {
      return movesTo(here(), state, labelOf(resource, state));
    } catch (error) {
      throw report(state, error);
    }
  }

  return {
    configure(request) {
      providerName = request.config.get("unikernel:provider") ?? "";
      const given = Object.fromEntries(
        SETTING_KEYS.map((key) => [key, settingText(request.config.get(`unikernel:${key}`))]),
      );
      if (SETTING_KEYS.some((key) => given[key] !== settings[key])) {
        settings = given;
        context = undefined;
      }
      return Promise.resolve();
    },

    async check(olds, news) {
      const resourceName = String(news[RESOURCE_NAME_KEY] ?? kind);
      const named = withName(resourceName, olds, news, crypto.randomBytes(4).toString("hex"));
      const given = Object.fromEntries(Object.entries(named).filter(([key]) => !isHidden(key)));
      const checked = await checkInputs(resource, olds, given);
      const failures = [...settingsFailures(resource), ...checked.failures].map(toCheckFailure);
      const exceeded = failures.length > 0 ? [] : await quotaFailures(resource, olds, checked.inputs, news);
      return {
        inputs: toWire({ ...checked.inputs, ...hidden(named) }),
        failures: [...failures, ...exceeded.map((reason) => ({ property: "", reason }))],
      };
    },

    diff(id, state, news) {
      const olds = migrate(resource, state);
      const moves = moved(olds);
      const label = labelOf(resource, news);
      const decided = decide(resource, { label, olds, news, moves });
      const { changes, deletesFirst } = decided;
      const replaces = changes.filter((change) => change.replace).map((change) => change.property);
      const isRefresh = refreshed.delete(id);
      const isReplaced = !isRefresh && replaces.length > 0;
      if (isReplaced || moves) quotas.forgets(label, news);
      if (isReplaced && !moves) quotas.replaces(resource, label, inputsOf(resource, olds), deletesFirst);
      if (!isRefresh) announce(foresee(resource, decided));
      return Promise.resolve({
        // What is owed is no drift, but the plan of an update.
        changes: moves || changes.length > 0 || (!isRefresh && owesStart(olds)),
        replaces: moves ? [HOME_KEY, ...replaces] : replaces,
        deleteBeforeReplace: deletesFirst,
      });
    },

    create: (news) =>
      run(news, async (context) => {
        const inputs = inputsOf(resource, news);
        const { id, outputs } = await resource.create(context, inputs);
        return { id, outs: outs(resource, here(), news, inputs, outputs) };
      }),

    read: (id, props) =>
      run(props, async (context) => {
        const olds = inputsOf(resource, migrate(resource, props));
        const observed = await resource.read(context, id, olds);
        if (observed === undefined) {
          // The process cannot say that there is none: without an error the engine would go on with an empty resource.
          if (isLookUp(props)) throw new UnikernelError("NOT_FOUND", `${kind} '${id}' does not exist in this metro.`);
          return {};
        }
        const read = { ...observed.outputs, ...remembered(props, observed.outputs) };
        const found = {
          id: observed.id ?? id,
          props: outs(resource, here(), props, observed.inputs, read),
          inputs: toWire({ ...hidden(props), ...observed.inputs }),
        };
        if (!wasLookedUp(props)) {
          refreshed.add(id);
          return found;
        }
        // The engine compares all outputs of what is not managed, those that change by themselves included.
        const isSame = diffInputs(resource, olds, observed.inputs).length === 0;
        return { id: found.id, props: isSame ? toWire(props) : found.props };
      }),

    update: (id, olds, news) =>
      run(news, async (context) => {
        const inputs = inputsOf(resource, news);
        const outputs = await resource.update(context, id, observedIn(resource, migrate(resource, olds)), inputs);
        return { outs: outs(resource, here(), news, inputs, outputs) };
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
