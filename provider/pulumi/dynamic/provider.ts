/**
 * The dynamic provider: one provider object per kind.
 *
 * A thin adapter. The dynamic protocol does not support detailed diffs, preview of create, import, timeouts, cancellation, or
 * secrets on the wire (the engine re-applies them by property name).
 *
 * Source of the protocol: @pulumi/pulumi `cmd/dynamic-provider/index.ts`.
 */
import {
  type MetroConfig,
  type PartialSettings,
  SETTING_KEYS,
  metroAddress,
  resolveMetro,
  settingText,
} from "../../base/config/metroConfig";
import { UnikernelError, formatError } from "../../base/errors";
import { localPaths } from "../../base/localPaths";
import { readPlatformId } from "../../base/platformId";
import { hashOfName, identityIn } from "../../definition/identity";
import { REPLACE_ON_CHANGES_KEY, resourceNameIn, urnIn } from "../../definition/internalKeys";
import { AUTO_NAME_KEY, withAutoName } from "../../definition/naming";
import { containsUnknown } from "../../definition/unknowns";
import { check as checkInputs } from "../../definition/check";
import type { CheckFailure, Properties } from "../../definition/resource";
import { diff as diffInputs } from "../../definition/diff";
import { migrate } from "../../definition/migrate";
import { type AnyResource, type ResourceKind, isNamedKind, resourceOf } from "../../resources/all";
import type { ProviderContext } from "../../resources/context";
import type { NameDirectory } from "../../resources/nameDirectory";
import { diffResource } from "../resourceDiff";
import { createPrintOnce, describeChanges } from "../describeChanges";
import { inspectAdoption } from "../inspectAdoption";
import { inspectUpdate } from "../inspectUpdate";
import { type NameCheck, NameChecker } from "../nameChecker";
import { PortChecker } from "../portChecker";
import { QuotaChecker } from "../quotaChecker";
import { Cancellation } from "./cancellation";
import { engineAddress } from "./engineWatchdog";
import { resourceLabel, toEngineFailure, toEngineError } from "./errorReport";
import {
  internalProperties,
  inputsFromState,
  isInternalKey,
  isLookup,
  observedFromState,
  toState,
  hasPendingStart,
  preservedOnRefresh,
  toSerializable,
  wasLookedUp,
} from "./state";
import { fromStoredTimeouts } from "./storedTimeouts";
import { LOCATION_KEY, type Location, assertSameMetro, assertSamePlatform, requiresMove } from "../resourceLocation";

/** The used part of the engine's configure request. Keys include the namespace: `unikernel:metro`. */
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
 * The settings that `configure` received. One process serves one Provider, so all kinds share them. They are stored
 * synchronously, because the process may call other methods while `configure` still runs.
 */
let settings: PartialSettings = {};
/** Name of the explicit Provider that this process serves; empty for the stack's own settings. */
let providerName = "";
/** Derived from the settings once for all resources: one check reads it four times. */
let metro: MetroConfig | undefined;
let address: string | undefined;
let context: ProviderContext | undefined;
let nameDirectory: NameDirectory | undefined;
const getMetro = (): MetroConfig => (metro ??= resolveMetro({ provider: settings }));

// Loaded when first needed, with the whole client: a preview without changes sends no request.
const loadContext = () => require("../../resources/context") as typeof import("../../resources/context");
const loadNameDirectory = () =>
  require("../../resources/nameDirectory") as typeof import("../../resources/nameDirectory");
const loadPortHolders = () =>
  require("../../resources/service/portHolders") as typeof import("../../resources/service/portHolders");
const loadQuotas = () => require("../../resources/fetchQuotas") as typeof import("../../resources/fetchQuotas");

/** Aborts the operations of this process on SIGINT and SIGTERM. */
const cancellation = new Cancellation();
if (engineAddress(process.argv) !== undefined) cancellation.listen((code) => process.exit(code));
/** The engine shows what this process prints. */
const printLine = (line: string): void => void process.stdout.write(`${line}\n`);

const getContext = (): ProviderContext =>
  (context ??= loadContext().createContext(getMetro(), {
    cancellation: cancellation.signal,
    printProgress: printLine,
  }));

const printOnce = createPrintOnce(printLine);
const nameChecker = new NameChecker(printOnce);
const portChecker = new PortChecker({
  list: () => loadPortHolders().listPortHolders(inspectionContext({})),
  probe: (port) => loadPortHolders().probePort(port),
});
const quotaChecker = new QuotaChecker(() => loadQuotas().fetchQuotas(getContext()), printOnce);

/** Where objects of a kind are now. Images are the same on every machine, so they belong to no platform. */
function currentLocation({ kind }: AnyResource): Location {
  const metro = (address ??= metroAddress({ provider: settings }));
  const platformId = metro === "local" && isNamedKind(kind) ? readPlatformId(localPaths().platformIdFile) : undefined;
  return { metro, provider: providerName, platformId };
}

/** Errors in the settings, reported by `check` so that a preview shows them. The engine skips `check` while a setting is unknown. */
function settingsFailures({ kind, metroRestriction }: AnyResource): readonly CheckFailure[] {
  try {
    const { metro } = getMetro();
    if (metroRestriction === undefined || metro === metroRestriction.metro) return [];
    return [
      {
        property: "",
        reason: `${kind} works with metro '${metroRestriction.metro}' only, not with '${metro}'. ${metroRestriction.hint}`,
      },
    ];
  } catch (error) {
    return [{ property: "", reason: formatError(error) }];
  }
}

/** The exceeded quotas, or the wrong setting that prevented reading them. */
async function quotaFailures(
  resource: AnyResource,
  olds: Properties,
  inputs: Properties,
  news: Properties,
): Promise<readonly string[]> {
  try {
    return await quotaChecker.check(resource, resourceLabel(resource, news), olds, inputs);
  } catch (error) {
    return [formatError(error)];
  }
}

/** Whose objects a resource's operations make and may take over. */
function withOwnership(context: ProviderContext, properties: Properties): ProviderContext {
  const identity = identityIn(properties);
  const hasDerivedName = properties[AUTO_NAME_KEY] === true;
  return identity === undefined ? context : { ...context, ownership: { ...identity, hasDerivedName } };
}

/** From what the name of a resource is derived; undefined for one that the program gave. */
function nameOrigin({ kind }: AnyResource, named: Properties) {
  const resourceName = resourceNameIn(named) ?? kind;
  const resourceHash = identityIn(named)?.resourceHash ?? hashOfName(resourceName);
  return named[AUTO_NAME_KEY] === true ? { resourceName, resourceHash } : undefined;
}

/** The ports that are taken, as sentences. Only the local platform gives each port to one service. */
function portFailures(
  resource: AnyResource,
  named: Properties,
  { olds, inputs }: { readonly olds: Properties; readonly inputs: Properties },
): Promise<readonly string[]> {
  if (getMetro().metro !== "local") return Promise.resolve([]);
  const label = resourceLabel(resource, named);
  const [key, derivedFrom] = [urnIn(named) ?? label, nameOrigin(resource, named)];
  return portChecker.check({ label, key, derivedFrom, name: inputs["name"], olds, news: inputs });
}

/** The name of a resource, and what is wrong with it. */
function checkName(
  resource: AnyResource,
  { isNew, named, inputs }: { readonly isNew: boolean; readonly named: Properties; readonly inputs: Properties },
): Promise<NameCheck> {
  const described = {
    kind: resource.kind,
    label: resourceLabel(resource, named),
    urn: urnIn(named),
    isNew,
    derivedFrom: nameOrigin(resource, named),
    name: inputs["name"],
    adopt: inputs["adopt"] === true,
    metro: getMetro().metro,
  };
  return nameChecker.check(described, {
    find: (kind, names) => (nameDirectory ??= loadNameDirectory().createNameDirectory(getContext())).find(kind, names),
    inspect: (id) => resource.findNameHolder?.(inspectionContext(named), id, inputs) ?? Promise.resolve(undefined),
  });
}

/** A preview does not wait longer for what it can do without. */
const INSPECTION_TIMEOUT_MS = 5_000;

/** The context in which a check looks at the metro. */
const inspectionContext = (properties: Properties): ProviderContext =>
  loadContext().withTimeLimit(withOwnership(getContext(), properties), INSPECTION_TIMEOUT_MS, "Looking at the metro");

function createProvider(kind: ResourceKind): DynamicProvider {
  const resource = resourceOf(kind);
  /**
   * Ids of objects that stay, which this process must not delete: a create may have taken over the object of its own predecessor,
   * and the engine then deletes that one.
   */
  const kept = new Set<string>();
  /** Ids that were read but not diffed yet. The engine's diff after a refresh's read does not plan an update. */
  const refreshed = new Set<string>();

  const toResourceError = (news: Properties, error: unknown): Error =>
    toEngineError(resourceLabel(resource, news), error, (outputs) =>
      toState(resource, currentLocation(resource), news, inputsFromState(resource, news), outputs),
    );

  /**
   * Runs one lifecycle function and converts its errors for the engine.
   *
   * @param state of the existing object; undefined for a create
   */
  async function runOperation<T>(
    news: Properties,
    state: Properties | undefined,
    action: (context: ProviderContext) => Promise<T>,
  ): Promise<T> {
    try {
      const context = getContext();
      if (state !== undefined) {
        const [location, label] = [currentLocation(resource), resourceLabel(resource, news)];
        assertSameMetro(location, state, label);
        // A lookup by name finds an object wherever it runs.
        if (!wasLookedUp(state)) assertSamePlatform(location, state, label);
      }
      return await cancellation.track(action(withOwnership(context, news)));
    } catch (error) {
      throw toResourceError(news, error);
    }
  }

  function checkRequiresMove(state: Properties): boolean {
    try {
      const [location, label] = [currentLocation(resource), resourceLabel(resource, state)];
      if (!wasLookedUp(state)) assertSamePlatform(location, state, label);
      return requiresMove(location, state, label);
    } catch (error) {
      throw toResourceError(state, error);
    }
  }

  return {
    configure(request) {
      providerName = request.config.get("unikernel:provider") ?? "";
      const received = Object.fromEntries(
        SETTING_KEYS.map((key) => [key, settingText(request.config.get(`unikernel:${key}`))]),
      );
      if (providerName !== "") received["timeouts"] = fromStoredTimeouts(received["timeouts"]);
      if (SETTING_KEYS.some((key) => received[key] !== settings[key])) {
        settings = received;
        [metro, address, context, nameDirectory] = [undefined, undefined, undefined, undefined];
      }
      return Promise.resolve();
    },

    async check(oldInputs, news) {
      const olds = migrate(resource, oldInputs);
      const resourceName = resourceNameIn(news) ?? kind;
      const identity = identityIn(news);
      const named = withAutoName(resourceName, olds, news, identity?.resourceHash ?? hashOfName(resourceName));
      const isNew = Object.keys(oldInputs).length === 0;
      const given = Object.fromEntries(Object.entries(named).filter(([key]) => !isInternalKey(key)));
      const checked = await checkInputs(resource, olds, given);
      const failures = [...settingsFailures(resource), ...checked.failures].map(toEngineFailure);
      if (failures.length > 0) {
        return { inputs: toSerializable({ ...checked.inputs, ...internalProperties(named) }), failures };
      }
      const {
        name,
        failures: taken,
        isAdoptable,
      } = await checkName(resource, { isNew, named, inputs: checked.inputs });
      const inputs = { ...checked.inputs, ...(name === undefined ? {} : { name }) };
      const label = resourceLabel(resource, news);
      const takenPorts = await portFailures(resource, named, { olds, inputs });
      const inspect = () => inspectionContext(named);
      const impossible =
        isAdoptable === true
          ? await inspectAdoption(resource, { label, inputs }, inspect(), printOnce)
          : await inspectUpdate(resource, { label, olds, news: inputs }, inspect, printOnce);
      const exceeded = await quotaFailures(resource, olds, inputs, news);
      return {
        inputs: toSerializable({ ...inputs, ...internalProperties(named) }),
        failures: [...taken, ...takenPorts, ...impossible, ...exceeded].map((reason) => ({ property: "", reason })),
      };
    },

    diff(id, state, news) {
      const olds = migrate(resource, state);
      const movesMetro = checkRequiresMove(olds);
      const label = resourceLabel(resource, news);
      const resourceDiff = diffResource(resource, { label, olds, news, movesMetro });
      const { changes, deleteBeforeReplace } = resourceDiff;
      const replaces = changes.filter((change) => change.replace).map((change) => change.property);
      const isRefresh = refreshed.delete(id);
      const isReplaced = !isRefresh && replaces.length > 0;
      if (isReplaced || movesMetro) quotaChecker.forget(label, news);
      if (isReplaced && !movesMetro) nameChecker.expectReplacement(kind, olds["name"], urnIn(news));
      // What only a dependency's replacement may change is asked for with unknowns, and the program may replace it all the same.
      if (isReplaced || movesMetro) kept.delete(id);
      else if (!isRefresh && !containsUnknown(news) && news[REPLACE_ON_CHANGES_KEY] === undefined) kept.add(id);
      if (isReplaced && !movesMetro)
        quotaChecker.expectReplacement(resource, label, inputsFromState(resource, olds), deleteBeforeReplace);
      if (!isRefresh) printOnce(describeChanges(resource, resourceDiff));
      return Promise.resolve({
        // A pending start is not drift, but it does require an update.
        changes: movesMetro || changes.length > 0 || (!isRefresh && hasPendingStart(olds)),
        replaces: movesMetro ? [LOCATION_KEY, ...replaces] : replaces,
        deleteBeforeReplace,
      });
    },

    create: (news) =>
      runOperation(news, undefined, async (context) => {
        const inputs = inputsFromState(resource, news);
        const { id, outputs } = await resource.create(context, inputs);
        kept.add(id);
        return { id, outs: toState(resource, currentLocation(resource), news, inputs, outputs) };
      }),

    read: (id, props) =>
      runOperation(props, props, async (context) => {
        const olds = inputsFromState(resource, migrate(resource, props));
        const observed = await resource.read(context, id, olds);
        if (observed === undefined) {
          // The protocol cannot report a missing object: without an error the engine would continue with an empty resource.
          if (isLookup(props)) throw new UnikernelError("NOT_FOUND", `${kind} '${id}' does not exist in this metro.`);
          return {};
        }
        const read = { ...observed.outputs, ...preservedOnRefresh(props, observed.outputs) };
        const found = {
          id: observed.id ?? id,
          props: toState(resource, currentLocation(resource), props, observed.inputs, read),
          inputs: toSerializable({ ...internalProperties(props), ...observed.inputs }),
        };
        if (!wasLookedUp(props)) {
          refreshed.add(id);
          return found;
        }
        // The engine compares all outputs of an unmanaged resource, including counters and times, which would show as changes.
        const isSame = diffInputs(resource, olds, observed.inputs).length === 0;
        return { id: found.id, props: isSame ? toSerializable(props) : found.props };
      }),

    update: (id, olds, news) =>
      runOperation(news, olds, async (context) => {
        const inputs = inputsFromState(resource, news);
        const outputs = await resource.update(
          context,
          id,
          observedFromState(resource, migrate(resource, olds)),
          inputs,
        );
        return { outs: toState(resource, currentLocation(resource), news, inputs, outputs) };
      }),

    delete: (id, props) =>
      runOperation(props, props, async (context) => {
        if (kept.has(id)) {
          const label = resourceLabel(resource, props);
          printLine(`${label}: '${String(props["name"])}' is not deleted, because its replacement took it over.`);
          return;
        }
        nameChecker.expectReplacement(kind, props["name"], urnIn(props));
        await resource.delete(context, id, observedFromState(resource, migrate(resource, props)));
      }),
  };
}

const providers = new Map<ResourceKind, DynamicProvider>();

/** The provider object of a kind, created on first use. */
export function providerOf(kind: ResourceKind): DynamicProvider {
  const provider = providers.get(kind) ?? createProvider(kind);
  providers.set(kind, provider);
  return provider;
}
