/** Creates an object, or goes on with what a killed create of the same resource left unfinished. */
import { type ErrorContext, UnikernelError } from "../../base/errors";
import type { ProviderContext } from "../context";

/** Why a create may be refused whose own unfinished object has the name, the ports, the volumes or the quota. */
const REFUSED_BY_OWN = ["ALREADY_EXISTS", "IN_USE", "STATE_CONFLICT", "QUOTA_EXCEEDED"] as const;

/** A name comes free a moment after its object was deleted. */
const RELEASE_POLL_MS = 250;
const MAX_RELEASE_POLLS = 40;

/** How a kind does it. */
export interface ResumableCreate<T> {
  readonly create: () => Promise<T>;
  /** The unfinished object of this resource that has the name; `undefined` if there is none. */
  readonly findUnfinished: () => Promise<T | undefined>;
  /** Brings an unfinished object to the requested inputs; `undefined` if it cannot be, and is to be made anew. */
  readonly resume: (unfinished: T) => Promise<T | undefined>;
  /** Deletes it: it never was of use. */
  readonly discard: (unfinished: T) => Promise<void>;
}

/** The object. Throws what `create` throws where no unfinished object of this resource is in its way. */
export async function createOrResume<T>(
  { clock, signal }: Pick<ProviderContext, "clock" | "signal">,
  { create, findUnfinished, resume, discard }: ResumableCreate<T>,
): Promise<T> {
  try {
    return await create();
  } catch (error) {
    if (!UnikernelError.has(error, ...REFUSED_BY_OWN)) throw error;
    const unfinished = await findUnfinished().catch(() => undefined);
    if (unfinished === undefined) throw error;
    const resumed = await resume(unfinished);
    if (resumed !== undefined) return resumed;
    await discard(unfinished);
  }
  for (let polls = 0; ; polls++) {
    try {
      return await create();
    } catch (error) {
      if (!UnikernelError.has(error, ...REFUSED_BY_OWN) || polls === MAX_RELEASE_POLLS) throw error;
      await clock.sleep(RELEASE_POLL_MS, signal);
    }
  }
}

/**
 * Sends the request that ends a create. A node of a release that changes nothing in place leaves the object marked as unfinished,
 * which matters only to a create of the same resource.
 */
export async function sendFinish(request: () => Promise<void>): Promise<void> {
  try {
    await request();
  } catch (error) {
    const { status } = UnikernelError.is(error) ? error.details : {};
    if (!UnikernelError.has(error, "NOT_SUPPORTED") && status !== 404 && status !== 405) throw error;
  }
}

/** What to do about a name that is taken. */
export const nameTakenContext = ({ ownership }: ProviderContext): ErrorContext => ({
  property: "name",
  hint:
    ownership?.hasDerivedName === true
      ? "Run 'pulumi up' again: it takes the next free name."
      : "Set adopt: true to manage the object that has it, choose another name, or leave the name out.",
});
