/** What front end A keeps in state beside inputs and outputs, and how it gets them out again. */
import { AUTO_NAME_KEY, RESOURCE_NAME_KEY } from "../definition/autoname";
import type { Properties } from "../definition/define";
import { fieldsIn } from "../definition/fields";
import { VERSION_KEY, versionOf } from "../definition/migrate";
import { OWES_START_KEY } from "../definition/partial";
import type { AnyResource } from "../resources/all";
import { HOME_KEY, type Home } from "./whereabouts";

/** The key of the text that loads this module. The process copies it to every result except that of a partial failure. */
const PROVIDER_KEY = "__provider";
const HIDDEN_KEYS: readonly string[] = [PROVIDER_KEY, RESOURCE_NAME_KEY, AUTO_NAME_KEY, VERSION_KEY];

/** True for keys of the engine and of this adapter among the inputs. */
export const isHidden = (key: string): boolean => HIDDEN_KEYS.includes(key);

/** Keys of the engine and of this adapter, kept in inputs and in state beside the properties. */
export const hidden = (state: Properties): Properties =>
  Object.fromEntries(Object.entries(state).filter(([key]) => isHidden(key)));

/** The protocol has no `undefined` (it fails without naming the property), no Date, no bigint: keep what JSON keeps. */
export const toWire = (value: Properties): Properties => JSON.parse(JSON.stringify(value)) as Properties;

/** The fields of a schema among all properties, with defaults for what an older release, or a `get`, left out. */
export function inputsOf(resource: AnyResource, state: Properties): Properties {
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
export const observedIn = (resource: AnyResource, state: Properties) => ({
  inputs: inputsOf(resource, state),
  outputs: state,
});

/** The version of the state's shape; the first is left out, since it is what a state without a version has. */
const versionIn = (resource: AnyResource): Properties =>
  versionOf(resource) === 1 ? {} : { [VERSION_KEY]: versionOf(resource) };

/** State = what identifies it, inputs, outputs. */
export const outs = (
  resource: AnyResource,
  home: Home,
  news: Properties,
  inputs: Properties,
  outputs: Properties,
): Properties => toWire({ ...hidden(news), ...versionIn(resource), [HOME_KEY]: home, ...inputs, ...outputs });

/** Key in the state of what a `get` looked up: it is not managed here. */
const LOOKED_UP_KEY = "__lookedUp";

/** True for what the constructor of a `get` knows: nothing, not even the name, which everything else has. */
export const isLookUp = (state: Properties): boolean => state["name"] == null;

/** True for the state of what a `get` looked up earlier. */
export const wasLookedUp = (state: Properties): boolean => state[LOOKED_UP_KEY] === true;

/** States of what is not down, and will not be by itself. */
const UP: readonly unknown[] = ["starting", "running", "standby"];

/** True for the state of what an update or a creation that failed left down: the next update starts it. */
export const owesStart = (state: Properties): boolean => state[OWES_START_KEY] === true && !UP.includes(state["state"]);

/**
 * What a refresh keeps beside the outputs that it observed: what was looked up, and what an update that failed still owes, unless
 * somebody has started it since.
 */
export const remembered = (state: Properties, observed: Properties): Properties => ({
  ...(isLookUp(state) || wasLookedUp(state) ? { [LOOKED_UP_KEY]: true } : {}),
  ...(owesStart({ ...state, state: observed["state"] }) ? { [OWES_START_KEY]: true } : {}),
});
