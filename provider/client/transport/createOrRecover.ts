/** Creates are not idempotent: after a lost answer, look for what may have been made before making it again. */
import type { Clock } from "../../base/clock";
import { UnikernelError } from "../../base/errors";
import { type LostAnswer, retryDelayMs } from "./retryPolicy";

/** The part of an item that tells whether it was found, and since when it exists. */
interface Findable {
  readonly status?: string | undefined;
  /** RFC 3339. */
  readonly created_at?: string | undefined;
}

/** How time passes, and when to stop. */
interface Acting {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** Creates in all; each one is followed by a look. */
const MAX_CREATES = 3;
/** Pauses before further looks for what has a name and is not to be seen yet: 10 s in all. */
const LOOK_AGAIN_MS = [100, 200, 500, 1_000, 2_000, 3_000, 3_200] as const;
/** Clocks of this machine and of a metro may differ by so much. */
const MAX_SKEW_MS = 600_000;

/** The server may have acted: nothing usable came back, and it did not say that it did nothing. */
const isLost = (error: unknown): error is UnikernelError =>
  UnikernelError.has(error, "API_UNREACHABLE", "API_SHAPE") && error.details["mayHaveActed"] !== false;

/**
 * Runs `create`; when its answer was lost, looks for the object by its name, which is unique, and returns it. What is not there is
 * created once more, after the pause that any repeated request keeps: should the first request arrive late, the name lets only one
 * of them make something. A name that is taken by then is looked for a while longer, since what has it may not be visible at once.
 *
 * Throws what `create` was refused with as it is; the loss, when looking did not help either, with a hint that the object may
 * exist; `ALREADY_EXISTS` when what has the name is older than the first request, or not what was asked for, and so somebody else's.
 *
 * @param isAsked is this what `create` asks for? Default: always, for names that nobody else would think of
 */
export async function adoptAfterLostAnswer<T extends Findable>(
  acting: Acting,
  create: () => Promise<T>,
  find: () => Promise<T | undefined>,
  isAsked: (found: T) => boolean = () => true,
): Promise<T> {
  const { clock, signal } = acting;
  const beganMs = clock.now();
  let loss: UnikernelError | undefined;
  for (let creates = 1; ; creates++) {
    try {
      return await create();
    } catch (error) {
      if (isLost(error)) loss = error;
      if (loss === undefined) throw error;
      const mayExist = mayExistAfter(loss);
      const isTaken = UnikernelError.has(error, "ALREADY_EXISTS");
      const found = await look(acting, find, isTaken ? LOOK_AGAIN_MS : []).catch(mayExist);
      if (found !== undefined) {
        if (isOlder(found, beganMs) || !isAsked(found)) throw taken(loss);
        return found;
      }
      if (isTaken) return mayExist();
      if (!isLost(error)) throw error;
      const tried = { attempts: creates, elapsedMs: clock.now() - beganMs };
      const delayMs = retryDelayMs("idempotent", howLost(error), tried, Math.random());
      if (delayMs === undefined || creates === MAX_CREATES) return mayExist();
      await clock.sleep(delayMs, signal).catch(mayExist);
    }
  }
}

/** What has the name now, or after one of the pauses. */
async function look<T extends Findable>(
  { clock, signal }: Acting,
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
function howLost({ details: { status, retryAfterMs } }: UnikernelError): LostAnswer {
  if (typeof status !== "number") return { kind: "broken" };
  return { kind: "status", status, retryAfterMs: typeof retryAfterMs === "number" ? retryAfterMs : undefined };
}

const isOlder = ({ created_at }: Findable, beganMs: number): boolean =>
  Date.parse(created_at ?? "") < beganMs - MAX_SKEW_MS;

/** Fails with the loss: looking did not tell what came of it. */
const mayExistAfter = (loss: UnikernelError) => (): never => {
  throw new UnikernelError(loss.code, loss.message, {
    hint: `${loss.hint ?? ""} It may have been made all the same: look for it by its name before you try again.`.trim(),
    details: { ...loss.details, mayHaveActed: true },
    cause: loss,
  });
};

/** Adopting what somebody else made would let a program delete it. */
const taken = (loss: UnikernelError): UnikernelError =>
  new UnikernelError("ALREADY_EXISTS", `${loss.message} The name is taken by an object that was not made here.`, {
    hint: "Choose another name, or leave the name out to have a unique one made.",
    details: { ...loss.details, mayHaveActed: false },
    cause: loss,
  });
