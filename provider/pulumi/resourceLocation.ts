/**
 * Where an object lives, remembered in state. Objects cannot move, and of another metro's objects a metro says that they do not
 * exist, which would read as "gone" and lose track of them.
 *
 * The engine calls the provider that a program names now with the state that another one wrote; a move to another Provider and
 * a Provider that was set to another metro look alike, hence its name.
 */
import { UnikernelError } from "../base/errors";
import type { Properties } from "../definition/resource";

/** Key in state; the engine hides keys that start with two underscores. State of a release that did not write it says nothing. */
export const LOCATION_KEY = "__home";

/** A metro, and the Provider by which a program reaches it. */
export interface Location {
  /** `local`, or the base URL of an API. */
  readonly metro: string;
  /** Name of the Provider; empty for the stack's own settings. */
  readonly provider: string;
}

function locationInState(state: Properties): Location | undefined {
  const home = state[LOCATION_KEY] as Partial<Location> | undefined;
  if (typeof home?.metro !== "string" || typeof home.provider !== "string") return undefined;
  return { metro: home.metro, provider: home.provider };
}

/**
 * True when a resource was given another Provider, of another metro: a successor is made there, and the engine deletes the
 * old object by its old Provider.
 *
 * Throws `CONFIG_INVALID` when its Provider itself is set to another metro: nothing would reach the old object any more.
 */
export function requiresMove(current: Location, state: Properties, label: string): boolean {
  const stored = locationInState(state);
  if (stored === undefined || stored.metro === current.metro) return false;
  if (stored.provider === current.provider) throw cannotMoveError(stored, current, label);
  return true;
}

/** Throws `CONFIG_INVALID` when the object lives in another metro than the one that would be asked about it. */
export function assertSameMetro(current: Location, state: Properties, label: string): void {
  const stored = locationInState(state);
  if (stored !== undefined && stored.metro !== current.metro) throw cannotMoveError(stored, current, label);
}

const cannotMoveError = (stored: Location, current: Location, label: string): UnikernelError =>
  new UnikernelError(
    "CONFIG_INVALID",
    `${label} lives in metro '${stored.metro}', and its provider is set to metro '${current.metro}' now.`,
    {
      hint:
        "Set the metro back, and give what shall live in the other one a unikernel.Provider of its own; " +
        "or, if the object is gone for good, forget it with 'pulumi state delete'.",
    },
  );
