/** The state of the dynamic provider: inputs, outputs and internal keys. */
import { isCleanExit, isUp } from "../../contract/codes";
import {
  OWNER_KEY,
  REPLACE_ON_CHANGES_KEY,
  RESOURCE_NAME_KEY,
  TIMEOUTS_KEY,
  URN_KEY,
} from "../../definition/internalKeys";
import { AUTO_NAME_KEY } from "../../definition/naming";
import { fieldsIn } from "../../definition/fields";
import type { Properties } from "../../definition/resource";
import { STATE_VERSION_KEY, currentStateVersion } from "../../definition/migrate";
import { PENDING_START_KEY } from "../../definition/initFailed";
import type { AnyResource } from "../../resources/all";
import { LOCATION_KEY, type Location } from "../resourceLocation";

/** Key of the serialized provider, which loads this module. The process copies it to every result except a partial failure. */
const PROVIDER_KEY = "__provider";
const INTERNAL_KEYS: readonly string[] = [
  PROVIDER_KEY,
  URN_KEY,
  RESOURCE_NAME_KEY,
  OWNER_KEY,
  TIMEOUTS_KEY,
  REPLACE_ON_CHANGES_KEY,
  AUTO_NAME_KEY,
  STATE_VERSION_KEY,
];

/** True for a key that the engine or this adapter adds to the inputs. */
export const isInternalKey = (key: string): boolean => INTERNAL_KEYS.includes(key);

/** The entries that the engine and this adapter add to inputs and state. */
export const internalProperties = (state: Properties): Properties =>
  Object.fromEntries(Object.entries(state).filter(([key]) => isInternalKey(key)));

/** The JSON part of a value. The protocol cannot carry Date or bigint, and fails on `undefined` without naming the property. */
export const toSerializable = (value: Properties): Properties => JSON.parse(JSON.stringify(value)) as Properties;

/** The inputs in the state, with defaults for fields that an older release or a `get` did not write. */
export function inputsFromState(resource: AnyResource, state: Properties): Properties {
  const inputs: Record<string, unknown> = {};
  for (const { name, schema } of fieldsIn(resource.inputs)) {
    const stored = state[name] ?? undefined;
    const parsed = schema.safeParse(stored);
    const value = parsed.success ? parsed.data : stored;
    if (value !== undefined) inputs[name] = value;
  }
  return inputs;
}

/** The resource as it was last observed. */
export const observedFromState = (resource: AnyResource, state: Properties) => ({
  inputs: inputsFromState(resource, state),
  outputs: state,
});

/** The entry with the version of the state's shape. Version 1 is not written: a state without an entry has it. */
const stateVersionEntry = (resource: AnyResource): Properties =>
  currentStateVersion(resource) === 1 ? {} : { [STATE_VERSION_KEY]: currentStateVersion(resource) };

/** Key of the names of inputs that the program left to the metro, whose values in the state are outputs. */
const LEFT_OUT_KEY = "__leftOut";

/** Of a state that was read: as before. Undefined if there are none. */
function leftOutNames(
  resource: AnyResource,
  news: Properties,
  inputs: Properties,
  outputs: Properties,
): readonly string[] | undefined {
  const before = news[LEFT_OUT_KEY];
  if (Array.isArray(before)) return before.map(String);
  const names = fieldsIn(resource.inputs).map(({ name }) => name);
  const leftOut = names.filter((name) => inputs[name] === undefined && outputs[name] !== undefined);
  return leftOut.length === 0 ? undefined : leftOut;
}

/** The inputs in the state that the program set. The others would show as its changes after a refresh. */
export function requestedInputs(resource: AnyResource, state: Properties): Properties {
  const leftOut = state[LEFT_OUT_KEY];
  const names: readonly unknown[] = Array.isArray(leftOut) ? leftOut : [];
  return Object.fromEntries(Object.entries(inputsFromState(resource, state)).filter(([name]) => !names.includes(name)));
}

/** The state to store: internal entries, location, inputs and outputs. */
export const toState = (
  resource: AnyResource,
  location: Location,
  news: Properties,
  inputs: Properties,
  outputs: Properties,
): Properties =>
  toSerializable({
    ...internalProperties(news),
    ...stateVersionEntry(resource),
    [LOCATION_KEY]: location,
    ...inputs,
    ...outputs,
    [LEFT_OUT_KEY]: leftOutNames(resource, news, inputs, outputs),
  });

/** Key in the state of a resource that a `get` looked up, which this stack does not manage. */
const LOOKED_UP_KEY = "__lookedUp";

/** True for the properties of a new `get`, which knows only the id. All other resources have a name. */
export const isLookup = (state: Properties): boolean => state["name"] == null;

/** True for the state of a resource that a `get` looked up earlier. */
export const wasLookedUp = (state: Properties): boolean => state[LOOKED_UP_KEY] === true;

/** Key in the state of what failed in part: the next update must look at it, whatever the program changes. */
export const INIT_FAILED_KEY = "__initFailed";

/** The properties in a state, without the keys of the engine and of this adapter. */
export const propertiesFromState = (state: Properties): Properties =>
  Object.fromEntries(
    Object.entries(state).filter(([key]) => !isInternalKey(key) && ![LOCATION_KEY, LEFT_OUT_KEY].includes(key)),
  );

const isJob = ({ waitFor }: Properties): boolean => waitFor === "completed";

/**
 * True if a failed create or update left the instance stopped; the next update starts it. Also true if it gave up waiting for a job; the
 * next update waits for it.
 */
export const hasPendingStart = (state: Properties): boolean =>
  state[PENDING_START_KEY] === true && (isJob(state) || !isUp(state["state"]));

/** True for a job that still ran when it was last looked at, and has ended as it should since. */
const hasCompletedSince = (state: Properties, observed: Properties): boolean =>
  isJob(state) &&
  isUp(state["state"]) &&
  observed["state"] === "stopped" &&
  isCleanExit({
    stop_reason: observed["stopReasonNumber"] as number | undefined,
    stop_code: observed["stopCodeNumber"] as number | undefined,
    exit_code: observed["exitCode"] as number | undefined,
  });

/**
 * The internal outputs that a refresh keeps: the mark of a `get`, and a pending start unless the instance was started in the
 * meantime.
 */
export const preservedOnRefresh = (state: Properties, observed: Properties): Properties => ({
  ...(isLookup(state) || wasLookedUp(state) ? { [LOOKED_UP_KEY]: true } : {}),
  ...(hasPendingStart({ ...state, state: observed["state"] }) && !hasCompletedSince(state, observed)
    ? { [PENDING_START_KEY]: true }
    : {}),
});
