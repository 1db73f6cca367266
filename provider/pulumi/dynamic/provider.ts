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
import { UnikernelError } from "../../base/errors";
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
import { describeChanges, sayOnce } from "../describeChanges";
import { inspectAdoption } from "../inspectAdoption";
import { inspectUpdate } from "../inspectUpdate";
import { PortChecker } from "../portChecker";
import { type NameCheck, NameChecker, type NameLookup, type NameSource, type NamedResource } from "../nameChecker";
import { QuotaChecker } from "../quotaChecker";
import { Cancellation } from "./cancellation";
import { engineAddress, engineGone } from "./engineConnection";
import { customTimeouts, haveTimeoutsChanged } from "./customTimeouts";
import { createEngineLog } from "./engineLog";
import { resourceLabel, toCheckFailure, toEngineFailure, toEngineError } from "./errorReport";
import { printReportedErrorsOnce } from "./reportedErrors";
import {
  internalProperties,
  inputsFromState,
  isInternalKey,
  isLookup,
  observedFromState,
  toState,
  hasPendingStart,
  INIT_FAILED_KEY,
  propertiesFromState,
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
const engine = engineAddress(process.argv);
if (engine !== undefined) {
  cancellation.listen((code) => process.exit(code));
  printReportedErrorsOnce();
}
engineGone.addEventListener("abort", () => cancellation.abort());
const log = createEngineLog(engine, (line) => void process.stdout.write(`${line}\n`));

const getContext = (): ProviderContext =>
  (context ??= loadContext().createContext(getMetro(), { cancellation: cancellation.signal }));

/** The context of one operation on a resource. */
const contextFor = (properties: Properties): ProviderContext => ({
  ...getContext(),
  timeouts: { ...getContext().timeouts, ...customTimeouts(properties) },
  printProgress: (line) => log.write("info", line, urnIn(properties)),
});

const informOnce = sayOnce((sentence, urn) => log.write("info", sentence, urn));
const warnOnce = sayOnce((sentence, urn) => log.write("warning", sentence, urn));
const nameChecker = new NameChecker((sentences, urn) => {
  for (const sentence of sentences) {
    const warning = sentence.startsWith("Warning: ") ? sentence.slice("Warning: ".length) : undefined;
    if (warning === undefined) informOnce([sentence], urn);
    else warnOnce([warning], urn);
  }
});
const portChecker = new PortChecker({
  list: () => loadPortHolders().listPortHolders(inspectionContext({})),
  probe: (port) => loadPortHolders().probePort(port),
});
const quotaChecker = new QuotaChecker(() => loadQuotas().fetchQuotas(getContext()), warnOnce);

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
        code: "NOT_SUPPORTED",
        property: "",
        reason: `${kind} works with metro '${metroRestriction.metro}' only, not with '${metro}'. ${metroRestriction.hint}`,
      },
    ];
  } catch (error) {
    return [toCheckFailure(error)];
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
    return await quotaChecker.check(resource, resourceLabel(resource, news), olds, inputs, urnIn(news));
  } catch (error) {
    return [toEngineFailure(toCheckFailure(error)).reason];
  } finally {
    await log.flush();
  }
}

/** Whose objects a resource's operations make and may take over. */
function withOwnership(context: ProviderContext, properties: Properties): ProviderContext {
  const identity = identityIn(properties);
  const hasDerivedName = properties[AUTO_NAME_KEY] === true;
  return identity === undefined ? context : { ...context, ownership: { ...identity, hasDerivedName } };
}

/** What the name of a resource is made of; undefined for one that the program gave. */
const derivedFrom = (resource: AnyResource, named: Properties): NameSource | undefined =>
  named[AUTO_NAME_KEY] === true ? nameSource(resource, named) : undefined;

/** The ports that are taken, as sentences. Only the local platform gives each port to one service. */
function portFailures(
  resource: AnyResource,
  named: Properties,
  { olds, inputs }: { readonly olds: Properties; readonly inputs: Properties },
): Promise<readonly string[]> {
  if (getMetro().metro !== "local") return Promise.resolve([]);
  const label = resourceLabel(resource, named);
  const origin = { name: inputs["name"], derivedFrom: derivedFrom(resource, named) };
  return portChecker.check({ label, key: urnIn(named) ?? label, ...origin, olds, news: inputs });
}

/** The name of a resource, and what is wrong with it. */
const checkName = (
  resource: AnyResource,
  { isNew, named, inputs }: { readonly isNew: boolean; readonly named: Properties; readonly inputs: Properties },
): Promise<NameCheck> =>
  nameChecker.check(toNamedResource(resource, named, { isNew, inputs }), nameLookup(resource, named, inputs));

const toNamedResource = (
  resource: AnyResource,
  named: Properties,
  { isNew, inputs }: { readonly isNew: boolean; readonly inputs: Properties },
): NamedResource => ({
  kind: resource.kind,
  label: resourceLabel(resource, named),
  urn: urnIn(named),
  isNew,
  derivedFrom: derivedFrom(resource, named),
  name: inputs["name"],
  adopt: inputs["adopt"] === true,
  metro: getMetro().metro,
});

/** What a derived name is made of. */
function nameSource({ kind }: AnyResource, named: Properties): NameSource {
  const resourceName = resourceNameIn(named) ?? kind;
  return { resourceName, resourceHash: identityIn(named)?.resourceHash ?? hashOfName(resourceName) };
}

/** Asks the metro for names, on behalf of one resource. */
function nameLookup(resource: AnyResource, named: Properties, inputs: Properties): NameLookup {
  return {
    find: (kind, names) => (nameDirectory ??= loadNameDirectory().createNameDirectory(getContext())).find(kind, names),
    inspect: (id) => resource.findNameHolder?.(inspectionContext(named), id, inputs) ?? Promise.resolve(undefined),
  };
}

/** A preview does not wait longer for what it can do without. */
const INSPECTION_TIMEOUT_MS = 5_000;

/** The context in which a check looks at the metro. */
const inspectionContext = (properties: Properties): ProviderContext =>
  loadContext().withTimeLimit(withOwnership(getContext(), properties), INSPECTION_TIMEOUT_MS, "Looking at the metro");

/** Deletes what a killed replacement of a deleted resource left: nothing else would look for it any more. */
async function deleteLeftovers(context: ProviderContext, resource: AnyResource, props: Properties): Promise<void> {
  const source = props[AUTO_NAME_KEY] === true ? nameSource(resource, props) : undefined;
  const observed = observedFromState(resource, migrate(resource, props));
  for (const id of await nameChecker.findLeftovers(resource.kind, source, nameLookup(resource, props, observed.inputs)))
    await resource.delete(context, id, observed);
}

/** Deletes what a killed replacement left in the way of the create that repeats it. */
async function deleteUnrecorded(context: ProviderContext, resource: AnyResource, news: Properties): Promise<void> {
  const observed = observedFromState(resource, news);
  const { inputs } = observed;
  const named = toNamedResource(resource, news, { isNew: false, inputs });
  for (const id of await nameChecker.findUnrecorded(named, nameLookup(resource, news, inputs)))
    await resource.delete(context, id, observed);
}

function createProvider(kind: ResourceKind): DynamicProvider {
  const resource = resourceOf(kind);
  /**
   * Ids of objects that stay, which this process must not delete: a create may have taken over the object of its own predecessor,
   * and the engine then deletes that one.
   */
  const kept = new Set<string>();
  /** URNs that were last checked with inputs in state. A create of one repeats a replacement that was killed after its delete. */
  const inState = new Set<string>();
  /** Ids that were read but not diffed yet. The engine's diff after a refresh's read does not plan an update. */
  const refreshed = new Set<string>();

  const toResourceError = (news: Properties, error: unknown): Error =>
    toEngineError(resourceLabel(resource, news), error, (outputs) =>
      toState(resource, currentLocation(resource), news, inputsFromState(resource, news), {
        ...outputs,
        [INIT_FAILED_KEY]: true,
      }),
    );

  /** True for an update that concerns the state alone: only the timeouts of the resource have changed. */
  const changesTimeoutsOnly = (olds: Properties, news: Properties): boolean =>
    haveTimeoutsChanged(olds, news) &&
    olds[INIT_FAILED_KEY] !== true &&
    urnIn(olds) !== undefined && // state of an earlier release does not tell whether it failed
    !hasPendingStart(olds) &&
    diffInputs(resource, inputsFromState(resource, olds), news).length === 0;

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
      const context = contextFor(news);
      if (state !== undefined) {
        const [location, label] = [currentLocation(resource), resourceLabel(resource, news)];
        assertSameMetro(location, state, label);
        // A lookup by name finds an object wherever it runs.
        if (!wasLookedUp(state)) assertSamePlatform(location, state, label);
      }
      return await cancellation.track(action(withOwnership(context, news)));
    } catch (error) {
      throw toResourceError(news, error);
    } finally {
      await log.flush();
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

  const provider: DynamicProvider = {
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
      const urn = urnIn(news);
      if (urn !== undefined && isNew) inState.delete(urn);
      else if (urn !== undefined) inState.add(urn);
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
      const inform = (sentences: readonly string[]): void => informOnce(sentences, urnIn(named));
      const impossible =
        isAdoptable === true
          ? await inspectAdoption(resource, { label, inputs }, inspect(), inform)
          : await inspectUpdate(resource, { label, olds, news: inputs }, inspect, inform);
      const exceeded = await quotaFailures(resource, olds, inputs, news);
      return {
        inputs: toSerializable({ ...inputs, ...internalProperties(named) }),
        failures: [...taken, ...takenPorts, ...impossible, ...exceeded].map((reason) => ({ property: "", reason })),
      };
    },

    async diff(id, state, news) {
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
      const changesTimeouts = haveTimeoutsChanged(olds, news);
      if (!isRefresh) informOnce(describeChanges(resource, resourceDiff), urnIn(news));
      if (changesTimeouts && changes.length === 0 && !movesMetro)
        informOnce([`${label}: its timeouts change; the resource does not.`], urnIn(news));
      await log.flush();
      return {
        // A pending start is not drift, but it does require an update.
        changes: movesMetro || changes.length > 0 || changesTimeouts || (!isRefresh && hasPendingStart(olds)),
        replaces: movesMetro ? [LOCATION_KEY, ...replaces] : replaces,
        deleteBeforeReplace,
      };
    },

    create: (news) =>
      runOperation(news, undefined, async (context) => {
        const inputs = inputsFromState(resource, news);
        if (inState.has(urnIn(news) ?? "")) await deleteUnrecorded(context, resource, news);
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
        const before = migrate(resource, olds);
        const outputs = changesTimeoutsOnly(before, news)
          ? { ...propertiesFromState(before), ...inputs }
          : await resource.update(context, id, observedFromState(resource, before), inputs);
        return { outs: toState(resource, currentLocation(resource), news, inputs, outputs) };
      }),

    delete: (id, props) =>
      runOperation(props, props, async (context) => {
        if (kept.has(id)) {
          const label = resourceLabel(resource, props);
          log.write(
            "info",
            `${label}: '${String(props["name"])}' is not deleted, because its replacement took it over.`,
            urnIn(props),
          );
          return;
        }
        nameChecker.expectReplacement(kind, props["name"], urnIn(props));
        await resource.delete(context, id, observedFromState(resource, migrate(resource, props)));
        await deleteLeftovers(context, resource, props);
      }),
  };
  return {
    ...provider,
    check: (olds, news) =>
      provider.check(olds, news).catch((error: unknown) => {
        throw toResourceError(news, error);
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
