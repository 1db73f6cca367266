/** Creates an object, or continues with the unfinished object that a killed create of the same resource left. */
import { type ErrorContext, UnikernelError } from "../../base/errors";
import type { ProviderContext } from "../context";

/** Errors of a create whose own unfinished object holds the name, the ports, the volumes or the quota. */
const BLOCKED_CODES = ["ALREADY_EXISTS", "IN_USE", "STATE_CONFLICT", "QUOTA_EXCEEDED"] as const;

/** Pause between attempts: a name becomes free a moment after its object was deleted. */
const RELEASE_POLL_MS = 250;
const MAX_RELEASE_POLLS = 40;

/** The requests of one kind. */
export interface ResumableCreate<T> {
  readonly create: () => Promise<T>;
  /** The unfinished object of this resource with the name; `undefined` if there is none. */
  readonly findUnfinished: () => Promise<T | undefined>;
  /** Updates an unfinished object to match the inputs; `undefined` if that is not possible and a new one is needed. */
  readonly resume: (unfinished: T) => Promise<T | undefined>;
  /** Deletes an unfinished object, which nobody has used. */
  readonly discard: (unfinished: T) => Promise<void>;
}

/** The created or resumed object. Throws the error of `create` if no unfinished object of this resource caused it. */
export async function createOrResume<T>(
  { clock, signal }: Pick<ProviderContext, "clock" | "signal">,
  { create, findUnfinished, resume, discard }: ResumableCreate<T>,
): Promise<T> {
  try {
    return await create();
  } catch (error) {
    if (!UnikernelError.has(error, ...BLOCKED_CODES)) throw error;
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
      if (!UnikernelError.has(error, ...BLOCKED_CODES) || polls === MAX_RELEASE_POLLS) throw error;
      await clock.sleep(RELEASE_POLL_MS, signal);
    }
  }
}

/**
 * Sends the request that ends a create. An older node that supports no changes leaves the object marked as unfinished, which matters
 * only to a later create of the same resource.
 */
export async function sendFinish(request: () => Promise<void>): Promise<void> {
  try {
    await request();
  } catch (error) {
    const { status } = UnikernelError.is(error) ? error.details : {};
    if (!UnikernelError.has(error, "NOT_SUPPORTED") && status !== 404 && status !== 405) throw error;
  }
}

/** Property and hint of an `ALREADY_EXISTS` error. */
export const nameTakenContext = ({ ownership }: ProviderContext): ErrorContext => ({
  property: "name",
  hint:
    ownership?.hasDerivedName === true
      ? "Run 'pulumi up' again: it takes the next free name."
      : "Set adopt: true to manage the object that has it, choose another name, or leave the name out.",
});
