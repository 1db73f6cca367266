/** Creates are not idempotent: when the response is lost, look for the object before creating it again. */
import { UnikernelError } from "../../base/errors";
import type { CallContext } from "../callContext";
import { type AttemptFailure, retryDelayMs } from "./retryPolicy";

/** The part of an item that tells whether it was found, and since when it exists. */
interface FoundObject {
  readonly status?: string | undefined;
  /** RFC 3339. */
  readonly created_at?: string | undefined;
}

/** Creates in all; each one is followed by a look. */
const MAX_CREATE_ATTEMPTS = 3;
/** Pauses before further looks for what has a name and is not to be seen yet: 10 s in all. */
const LOOKUP_DELAYS_MS = [100, 200, 500, 1_000, 2_000, 3_000, 3_200] as const;
/** Clocks of this machine and of a metro may differ by so much. */
const MAX_CLOCK_SKEW_MS = 600_000;

/** The server may have acted: nothing usable came back, and it did not say that it did nothing. */
const isOutcomeUnknown = (error: unknown): error is UnikernelError =>
  UnikernelError.has(error, "API_UNREACHABLE", "API_SHAPE") && error.details["mayHaveActed"] !== false;

/**
 * Runs `create`; when its answer was lost, looks for the object by its name, which is unique, and returns it. What is not there is
 * created once more, after the pause that any repeated request keeps: should the first request arrive late, the name lets only one
 * of them make something. A name that is taken by then is looked for a while longer, since what has it may not be visible at once.
 *
 * Throws what `create` was refused with as it is; the loss, when looking did not help either, with a hint that the object may
 * exist; `ALREADY_EXISTS` when what has the name is older than the first request, or not what was asked for, and so somebody else's.
 *
 * @param matchesRequest is this what `create` asks for? Default: always, for names that nobody else would think of
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
      const isTaken = UnikernelError.has(error, "ALREADY_EXISTS");
      const found = await lookUp(context, find, isTaken ? LOOKUP_DELAYS_MS : []).catch(throwMayExist);
      if (found !== undefined) {
        if (isOlder(found, beganMs) || !matchesRequest(found)) throw nameTakenError(outcomeUnknown);
        return found;
      }
      if (isTaken) return throwMayExist();
      if (!isOutcomeUnknown(error)) throw error;
      const retryState = { attempts: creates, elapsedMs: clock.now() - beganMs };
      const delayMs = retryDelayMs("idempotent", toAttemptFailure(error), retryState, Math.random());
      if (delayMs === undefined || creates === MAX_CREATE_ATTEMPTS) return throwMayExist();
      await clock.sleep(delayMs, signal).catch(throwMayExist);
    }
  }
}

/** What has the name now, or after one of the pauses. */
async function lookUp<T extends FoundObject>(
  { clock, signal }: Pick<CallContext, "clock" | "signal">,
  find: () => Promise<T | undefined>,
  pausesMs: readonly number[],
): Promise<T | undefined> {
  for (const pauseMs of [0, ...pausesMs]) {
    if (pauseMs > 0) await clock.sleep(pauseMs, signal);
    const found = await find();
    if (found !== undefined && found.status !== "error") return found;
  }
  return undefined;
}

/** As the rules for repeated requests have it: after a look, a create is as good as any of those. */
function toAttemptFailure({ details: { status, retryAfterMs } }: UnikernelError): AttemptFailure {
  if (typeof status !== "number") return { kind: "broken" };
  return { kind: "status", status, retryAfterMs: typeof retryAfterMs === "number" ? retryAfterMs : undefined };
}

const isOlder = ({ created_at }: FoundObject, beganMs: number): boolean =>
  Date.parse(created_at ?? "") < beganMs - MAX_CLOCK_SKEW_MS;

/** Fails with the loss: looking did not tell what came of it. */
const mayExistThrower = (loss: UnikernelError) => (): never => {
  throw new UnikernelError(loss.code, loss.message, {
    hint: `${loss.hint ?? ""} The object may exist nevertheless; look for it by its name before you retry.`.trim(),
    details: { ...loss.details, mayHaveActed: true },
    cause: loss,
  });
};

/** Adopting what somebody else made would let a program delete it. */
const nameTakenError = (loss: UnikernelError): UnikernelError =>
  new UnikernelError(
    "ALREADY_EXISTS",
    `${loss.message} The name is taken by an object that this program did not create.`,
    {
      hint: "Set adopt: true to manage that object, choose another name, or leave the name out.",
      details: { ...loss.details, mayHaveActed: false },
      cause: loss,
    },
  );
