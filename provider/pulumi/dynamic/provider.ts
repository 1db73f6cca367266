/**
 * The dynamic provider: one provider object per kind.
 *
 * A thin adapter. The dynamic protocol does not support detailed diffs, preview of create, import, timeouts, cancellation, or
 * secrets on the wire (the engine re-applies them by property name).
 *
 * Source of the protocol: @pulumi/pulumi `cmd/dynamic-provider/index.ts`.
 */
import { UnikernelError } from "../../base/errors";
import { REPLACE_ON_CHANGES_KEY, urnIn } from "../../definition/internalKeys";
import { containsUnknown } from "../../definition/unknowns";
import type { Properties } from "../../definition/resource";
import { diff as diffInputs } from "../../definition/diff";
import { migrate } from "../../definition/migrate";
import { type ResourceKind, resourceOf } from "../../resources/all";
import type { ProviderContext } from "../../resources/context";
import { checkResource } from "../checkResource";
import { diffResource } from "../resourceDiff";
import { describeChanges } from "../describeChanges";
import { LOCATION_KEY, assertSameMetro, assertSamePlatform, requiresMove } from "../resourceLocation";
import { haveTimeoutsChanged } from "./customTimeouts";
import { resourceLabel, toEngineError } from "./errorReport";
import { deleteLeftovers, deleteUnrecorded } from "./leftovers";
import {
  type ConfigureRequest,
  cancellation,
  configureSession,
  contextFor,
  currentLocation,
  informOnce,
  log,
  planChecks,
  withOwnership,
} from "./session";
import {
  internalProperties,
  inputsFromState,
  isLookup,
  observedFromState,
  toState,
  hasPendingStart,
  INIT_FAILED_KEY,
  propertiesFromState,
  preservedOnRefresh,
  requestedInputs,
  toSerializable,
  wasLookedUp,
} from "./state";

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
      configureSession(request);
      return Promise.resolve();
    },

    check(oldInputs, news) {
      const urn = urnIn(news);
      if (urn !== undefined && Object.keys(oldInputs).length === 0) inState.delete(urn);
      else if (urn !== undefined) inState.add(urn);
      return checkResource(resource, planChecks, oldInputs, news);
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
      if (isReplaced || movesMetro) planChecks.quotas.forget(label, news);
      if (isReplaced && !movesMetro) planChecks.names.expectReplacement(kind, olds["name"], urnIn(news));
      // What only a dependency's replacement may change is asked for with unknowns, and the program may replace it all the same.
      if (isReplaced || movesMetro) kept.delete(id);
      else if (!isRefresh && !containsUnknown(news) && news[REPLACE_ON_CHANGES_KEY] === undefined) kept.add(id);
      if (isReplaced && !movesMetro)
        planChecks.quotas.expectReplacement(resource, label, inputsFromState(resource, olds), deleteBeforeReplace);
      const changesTimeouts = haveTimeoutsChanged(olds, news);
      if (!isRefresh) informOnce(describeChanges(resource, resourceDiff), urnIn(news));
      if (changesTimeouts && changes.length === 0 && !movesMetro)
        informOnce([`${label}: only its timeouts change.`], urnIn(news));
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
        const outputs = migrate(resource, props);
        const olds = requestedInputs(resource, outputs);
        const observed = await resource.read(context, id, olds, outputs);
        if (observed === undefined) {
          // The protocol cannot report a missing object: without an error the engine would continue with an empty resource.
          if (isLookup(props))
            throw new UnikernelError("NOT_FOUND", `${kind} '${id}' does not exist in this metro.`, {
              hint: "Check the id or name, and that 'unikernel:metro' is the metro that has it.",
            });
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
        planChecks.names.expectReplacement(kind, props["name"], urnIn(props));
        await resource.delete(context, id, observedFromState(resource, migrate(resource, props)));
        await deleteLeftovers(context, resource, props);
      }),
  };
  return {
    ...provider,
    async check(olds, news) {
      try {
        return await provider.check(olds, news);
      } catch (error) {
        throw toResourceError(news, error);
      } finally {
        await log.flush();
      }
    },
  };
}

const providers = new Map<ResourceKind, DynamicProvider>();

/** The provider object of a kind, created on first use. */
export function providerOf(kind: ResourceKind): DynamicProvider {
  const provider = providers.get(kind) ?? createProvider(kind);
  providers.set(kind, provider);
  return provider;
}
