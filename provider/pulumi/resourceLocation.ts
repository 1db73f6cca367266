/**
 * The metro of each object, and its platform in metro `local`, kept in state. Objects cannot move, and a metro reports another metro's objects as not found, which
 * would drop them from the state.
 *
 * The engine passes the state to the Provider that the program uses now. The Provider's name distinguishes a move to another
 * Provider from a Provider whose metro was changed.
 */
import { UnikernelError } from "../base/errors";
import type { Properties } from "../definition/resource";

/** Key in state; state of older releases lacks it. The engine hides keys that start with two underscores. */
export const LOCATION_KEY = "__home";

/** A metro, and the Provider that manages it. */
export interface Location {
  /** `local`, or the base URL of an API. */
  readonly metro: string;
  /** Name of the Provider; empty for the stack's own settings. */
  readonly provider: string;
  /** In metro `local`: the ID of the platform, of which each machine has its own. Undefined in state of older releases. */
  readonly platformId?: string | undefined;
}

function locationInState(state: Properties): Location | undefined {
  const home = state[LOCATION_KEY] as Partial<Location> | undefined;
  if (typeof home?.metro !== "string" || typeof home.provider !== "string") return undefined;
  const platformId = typeof home.platformId === "string" ? home.platformId : undefined;
  return { metro: home.metro, provider: home.provider, platformId };
}

/**
 * True if a resource has a different Provider with a different metro: a replacement is created there, and the engine deletes
 * the old object through its old Provider.
 *
 * Throws `CONFIG_INVALID` if the metro of its Provider was changed, because no Provider could then reach the old object.
 */
export function requiresMove(current: Location, state: Properties, label: string): boolean {
  const stored = locationInState(state);
  if (stored === undefined || stored.metro === current.metro) return false;
  if (stored.provider === current.provider) throw cannotMoveError(stored, current, label);
  return true;
}

/** Throws `CONFIG_INVALID` if the object is in a different metro from the one that would receive the request. */
export function assertSameMetro(current: Location, state: Properties, label: string): void {
  const stored = locationInState(state);
  if (stored !== undefined && stored.metro !== current.metro) throw cannotMoveError(stored, current, label);
}

/**
 * Throws `CONFIG_INVALID` if the object is on the local platform of another machine or state folder. State without an ID passes. Without
 * this, the object would look deleted here, and an update would create everything again.
 */
export function assertSamePlatform(current: Location, state: Properties, label: string): void {
  const stored = locationInState(state);
  if (stored?.platformId === undefined || current.metro !== stored.metro || stored.platformId === current.platformId)
    return;
  const here = current.platformId === undefined ? "this machine has none" : `this machine's is '${current.platformId}'`;
  throw new UnikernelError("CONFIG_INVALID", `${label} is on the local platform '${stored.platformId}', but ${here}.`, {
    hint:
      "Run Pulumi on the machine that has it, with the same UNIKERNEL_STATE_DIR; " +
      "if that platform is gone for good, remove its resources from the state with 'pulumi state delete', or '--all' of them.",
  });
}

const cannotMoveError = (stored: Location, current: Location, label: string): UnikernelError =>
  new UnikernelError(
    "CONFIG_INVALID",
    `${label} is in metro '${stored.metro}', but its provider is now set to metro '${current.metro}'.`,
    {
      hint:
        "Set the metro back, and use a separate unikernel.Provider for resources in the other metro; " +
        "if the object no longer exists, remove it with 'pulumi state delete'.",
    },
  );
