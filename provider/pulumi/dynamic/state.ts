/** The state of the dynamic provider: inputs, outputs, and the internal keys beside them. */
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

/** The key of the text that loads this module. The process copies it to every result except that of a partial failure. */
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

/** True for keys of the engine and of this adapter among the inputs. */
export const isInternalKey = (key: string): boolean => INTERNAL_KEYS.includes(key);

/** Keys of the engine and of this adapter, kept in inputs and in state beside the properties. */
export const internalProperties = (state: Properties): Properties =>
  Object.fromEntries(Object.entries(state).filter(([key]) => isInternalKey(key)));

/** The protocol has no `undefined` (it fails without naming the property), no Date, no bigint: keep what JSON keeps. */
export const toSerializable = (value: Properties): Properties => JSON.parse(JSON.stringify(value)) as Properties;

/** The fields of a schema among all properties, with defaults for what an older release, or a `get`, left out. */
export function inputsFromState(resource: AnyResource, state: Properties): Properties {
  const inputs: Record<string, unknown> = {};
  for (const { name, schema } of fieldsIn(resource.inputs)) {
    const given = state[name] ?? undefined;
    const parsed = schema.safeParse(given);
    const value = parsed.success ? parsed.data : given;
    if (value !== undefined) inputs[name] = value;
  }
  return inputs;
}

/** What a resource was when it was last looked at. */
export const observedFromState = (resource: AnyResource, state: Properties) => ({
  inputs: inputsFromState(resource, state),
  outputs: state,
});

/** The version of the state's shape; the first is left out, since it is what a state without a version has. */
const stateVersionEntry = (resource: AnyResource): Properties =>
  currentStateVersion(resource) === 1 ? {} : { [STATE_VERSION_KEY]: currentStateVersion(resource) };

/** State = what identifies it, inputs, outputs. */
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
  });

/** Key in the state of what a `get` looked up: it is not managed here. */
const LOOKED_UP_KEY = "__lookedUp";

/** True for what the constructor of a `get` knows: nothing, not even the name, which everything else has. */
export const isLookup = (state: Properties): boolean => state["name"] == null;

/** True for the state of what a `get` looked up earlier. */
export const wasLookedUp = (state: Properties): boolean => state[LOOKED_UP_KEY] === true;

/** Key in the state of what failed in part: the next update must look at it, whatever the program changes. */
export const INIT_FAILED_KEY = "__initFailed";

/** The properties in a state, without the keys of the engine and of this adapter. */
export const propertiesFromState = (state: Properties): Properties =>
  Object.fromEntries(Object.entries(state).filter(([key]) => !isInternalKey(key) && key !== LOCATION_KEY));

/** States of what is not down, and will not be by itself. */
const UP_STATES: readonly unknown[] = ["starting", "running", "standby"];

/** True for the state of what an update or a creation that failed left down: the next update starts it. */
export const hasPendingStart = (state: Properties): boolean =>
  state[PENDING_START_KEY] === true && !UP_STATES.includes(state["state"]);

/**
 * What a refresh keeps beside the outputs that it observed: what was looked up, and what an update that failed still owes, unless
 * somebody has started it since.
 */
export const preservedOnRefresh = (state: Properties, observed: Properties): Properties => ({
  ...(isLookup(state) || wasLookedUp(state) ? { [LOOKED_UP_KEY]: true } : {}),
  ...(hasPendingStart({ ...state, state: observed["state"] }) ? { [PENDING_START_KEY]: true } : {}),
});
