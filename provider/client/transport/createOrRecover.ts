/** Creates are not idempotent: if the response is lost, look for the object before sending the create again. */
import { UnikernelError } from "../../base/errors";
import type { CallContext } from "../callContext";
import { type AttemptFailure, retryDelayMs } from "./retryPolicy";

/** The fields that tell whether an object was found, and when it was created. */
interface FoundObject {
  readonly status?: string | undefined;
  /** RFC 3339. */
  readonly created_at?: string | undefined;
}

/** Limit of create requests; a lookup follows each one that fails. */
const MAX_CREATE_ATTEMPTS = 3;
/** Delays between lookups of an object that may not be listed yet: 10 s in all. */
const LOOKUP_DELAYS_MS = [100, 200, 500, 1_000, 2_000, 3_000, 3_200] as const;
/** Tolerated difference between this machine's clock and the metro's. */
const MAX_CLOCK_SKEW_MS = 600_000;

/** True if the server may have acted: there is no usable response, and nothing rules it out. */
const isOutcomeUnknown = (error: unknown): error is UnikernelError =>
  UnikernelError.has(error, "API_UNREACHABLE", "API_SHAPE") && error.details["mayHaveActed"] !== false;

/**
 * Runs `create`. If its response is lost, looks the object up by its unique name and returns it. If it does not exist, creates it
 * again after the usual retry delay. Should the first request arrive late, the unique name lets only one of the two succeed. If
 * the second is rejected, perhaps because the first has the name, the volume or the quota, repeats the lookup for up to 10 s, since
 * a new object may not be listed at once; also after the last attempt, which may arrive late.
 *
 * Throws the error of `create` if it was rejected at once. If the lookups do not settle it, throws the rejection or the original
 * transport error, with a hint that the object may exist. Throws `ALREADY_EXISTS` if the object with the name is older than the
 * first request or does not match it, and so belongs to someone else.
 *
 * @param matchesRequest returns true if the object is what `create` requests. Default: always true, for generated names
 */
export async function createOrRecover<T extends FoundObject>(
  context: Pick<CallContext, "clock" | "signal">,
  create: () => Promise<T>,
  find: () => Promise<T | undefined>,
  matchesRequest: (found: T) => boolean = () => true,
): Promise<T> {
  const { clock, signal } = context;
  const beganMs = clock.now();
  let outcomeUnknown: UnikernelError | undefined;
  for (let creates = 1; ; creates++) {
    try {
      return await create();
    } catch (error) {
      if (isOutcomeUnknown(error)) outcomeUnknown = error;
      if (outcomeUnknown === undefined) throw error;
      const throwMayExist = mayExistThrower(outcomeUnknown);
      const isRejected = !isOutcomeUnknown(error);
      const isLast = isRejected || creates === MAX_CREATE_ATTEMPTS;
      const found = await lookUp(context, find, isLast ? LOOKUP_DELAYS_MS : []).catch(throwMayExist);
      if (found !== undefined) {
        if (isOlder(found, beganMs) || !matchesRequest(found)) throw nameTakenError(outcomeUnknown);
        return found;
      }
      if (UnikernelError.has(error, "ALREADY_EXISTS")) return throwMayExist();
      // The first request may be why the next one was rejected: it has the volume or the rest of the quota.
      if (isRejected) return mayExistThrower(UnikernelError.is(error) ? error : outcomeUnknown)();
      const retryState = { attempts: creates, elapsedMs: clock.now() - beganMs };
      const delayMs = retryDelayMs("idempotent", toAttemptFailure(error), retryState, Math.random());
      if (delayMs === undefined || creates === MAX_CREATE_ATTEMPTS) return throwMayExist();
      await clock.sleep(delayMs, signal).catch(throwMayExist);
    }
  }
}

/** The object with the name, looked up now and after each delay. */
async function lookUp<T extends FoundObject>(
  { clock, signal }: Pick<CallContext, "clock" | "signal">,
  find: () => Promise<T | undefined>,
  delaysMs: readonly number[],
): Promise<T | undefined> {
  for (const delayMs of [0, ...delaysMs]) {
    if (delayMs > 0) await clock.sleep(delayMs, signal);
    const found = await find();
    if (found !== undefined && found.status !== "error") return found;
  }
  return undefined;
}

/** The error as input of the retry policy: after a lookup, a create may be retried like an idempotent request. */
function toAttemptFailure({ details: { status, retryAfterMs } }: UnikernelError): AttemptFailure {
  if (typeof status !== "number") return { kind: "broken" };
  return { kind: "status", status, retryAfterMs: typeof retryAfterMs === "number" ? retryAfterMs : undefined };
}

const isOlder = ({ created_at }: FoundObject, beganMs: number): boolean =>
  Date.parse(created_at ?? "") < beganMs - MAX_CLOCK_SKEW_MS;

/** Throws the error if the lookups did not show whether the object was created. */
const mayExistThrower = (error: UnikernelError) => (): never => {
  throw new UnikernelError(error.code, error.message, {
    hint: `${error.hint ?? ""} The object may have been created; look for it by name before you retry.`.trim(),
    details: { ...error.details, mayHaveActed: true },
    cause: error,
  });
};

/** An object of someone else must not be adopted: the program could then delete it. */
const nameTakenError = (transportError: UnikernelError): UnikernelError =>
  new UnikernelError(
    "ALREADY_EXISTS",
    `${transportError.message} The name is taken by an object that this program did not create.`,
    {
      hint: "Set adopt: true to manage that object, choose another name, or leave the name out.",
      details: { ...transportError.details, mayHaveActed: false },
      cause: transportError,
    },
  );
