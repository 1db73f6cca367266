/** Creates an object, or continues with the unfinished object that a killed create of the same resource left. */
import type { ErrorCode } from "../../base/errorCodes";
import { type ErrorContext, UnikernelError, withErrorContext } from "../../base/errors";
import { type NamedObject, deleteManagedCommand } from "../../definition/naming";
import type { NameHolder } from "../../definition/resource";
import type { ProviderContext } from "../context";

/** Errors of a create whose own unfinished object holds the name, the ports, the volumes or the quota. */
const BLOCKED_CODES = ["ALREADY_EXISTS", "IN_USE", "STATE_CONFLICT", "QUOTA_EXCEEDED"] as const;

/** Pause between attempts: a name becomes free a moment after its object was deleted. */
const RELEASE_POLL_MS = 250;
const MAX_RELEASE_POLLS = 40;

/** The requests of one kind. */
export interface ResumableCreate<T> {
  readonly create: () => Promise<T>;
  /** Such as `Instance`. */
  readonly kind: string;
  readonly name: string;
  /** The object that has the name, and who created it; `undefined` if there is none. */
  readonly findHolder: () => Promise<{ readonly object: T; readonly holder: NameHolder } | undefined>;
  /** Updates an unfinished object to match the inputs; `undefined` if that is not possible and a new one is needed. */
  readonly resume: (unfinished: T) => Promise<T | undefined>;
  /** Deletes an unfinished object, which nobody has used. */
  readonly discard: (unfinished: T) => Promise<void>;
  /** What the errors mean for the inputs. */
  readonly errorContexts: Readonly<Partial<Record<ErrorCode, ErrorContext>>>;
}

/**
 * The created or resumed object. Throws the error of `create` if no unfinished object of this resource caused it. If a finished one did,
 * the error names it with the command that deletes it.
 */
export async function createOrResume<T>(context: ProviderContext, request: ResumableCreate<T>): Promise<T> {
  try {
    return await tryToCreate(context, request);
  } catch (error) {
    const explained = withErrorContext(error, { ...request.errorContexts, ALREADY_EXISTS: nameTakenContext(context) });
    if (!UnikernelError.has(explained, ...BLOCKED_CODES)) throw explained;
    const found = await request.findHolder().catch(() => undefined);
    // What has a given name may be the predecessor of a replacement.
    const isUnrecorded = found?.holder === "finished" && context.ownership?.hasDerivedName === true;
    throw isUnrecorded ? unrecordedError(explained, { ...request, metro: context.metro }) : explained;
  }
}

async function tryToCreate<T>(
  { clock, signal }: ProviderContext,
  { create, findHolder, resume, discard }: ResumableCreate<T>,
): Promise<T> {
  try {
    return await create();
  } catch (error) {
    if (!UnikernelError.has(error, ...BLOCKED_CODES)) throw error;
    const found = await findHolder().catch(() => undefined);
    if (found?.holder !== "unfinished") throw error;
    const resumed = await resume(found.object);
    if (resumed !== undefined) return resumed;
    await discard(found.object);
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

/** The update that created the object may still have been at work when the preview looked for leftovers. */
function unrecordedError(error: UnikernelError, object: NamedObject): UnikernelError {
  const { code, message, property = "name", details, cause } = error;
  const sentence = `'${object.name}' was made for this resource by an earlier update, which was killed before it was recorded.`;
  const hint = `Delete it: ${deleteManagedCommand(object)}`;
  return new UnikernelError(code, `${message} ${sentence}`, { property, hint, details, cause });
}

/** Property and hint of an `ALREADY_EXISTS` error. */
const nameTakenContext = ({ ownership }: ProviderContext): ErrorContext => ({
  property: "name",
  hint:
    ownership?.hasDerivedName === true
      ? "Run 'pulumi up' again: it takes the next free name."
      : "Set adopt: true to manage the object that has it, choose another name, or leave the name out.",
});
