/** Creates are not idempotent: after a lost answer, look for what may have been made before making it again. */
import { systemClock } from "../base/clock";
import { UnikernelError } from "../base/errors";

/** The part of an item that tells whether it was found, and since when it exists. */
interface Findable {
  readonly status?: string | undefined;
  /** RFC 3339. */
  readonly created_at?: string | undefined;
}

/** Creates in all; each one is followed by a look. */
const MAX_CREATES = 3;
/** Clocks of this machine and of a metro may differ by so much. */
const MAX_SKEW_MS = 600_000;

/** The server may have acted: nothing usable came back, and it did not say that it did nothing. */
const isLost = (error: unknown): error is UnikernelError =>
  UnikernelError.has(error, "API_UNREACHABLE", "API_SHAPE") && error.details["mayHaveActed"] !== false;

/**
 * Runs `create`; when its answer was lost, looks for the object by its name, which is unique, and returns it. What is not there is
 * created once more: should the first request arrive late, the name lets only one of them make something.
 *
 * Throws what `create` was refused with as it is; the loss, when looking did not help either, with a hint that the object may
 * exist; `ALREADY_EXISTS` when what has the name is older than the first request, or not what was asked for, and so somebody else's.
 *
 * @param isAsked is this what `create` asks for? Default: always, for names that nobody else would think of
 */
export async function adoptAfterLostAnswer<T extends Findable>(
  create: () => Promise<T>,
  find: () => Promise<T | undefined>,
  isAsked: (found: T) => boolean = () => true,
): Promise<T> {
  const beganMs = systemClock.now();
  let loss: UnikernelError | undefined;
  for (let creates = 1; ; creates++) {
    try {
      return await create();
    } catch (error) {
      if (isLost(error)) loss = error;
      if (loss === undefined) throw error;
      const found = await look(find, loss);
      if (found !== undefined && !isOlder(found, beganMs) && isAsked(found)) return found;
      if (found !== undefined) throw taken(loss);
      if (!isLost(error) || creates === MAX_CREATES) throw error;
    }
  }
}

/** What has the name now. */
async function look<T extends Findable>(
  find: () => Promise<T | undefined>,
  loss: UnikernelError,
): Promise<T | undefined> {
  try {
    const found = await find();
    return found?.status === "error" ? undefined : found;
  } catch {
    throw new UnikernelError(loss.code, loss.message, {
      hint: `${loss.hint ?? ""} It may have been made all the same: look for it by its name before you try again.`.trim(),
      details: { ...loss.details, mayHaveActed: true },
      cause: loss,
    });
  }
}

const isOlder = ({ created_at }: Findable, beganMs: number): boolean =>
  Date.parse(created_at ?? "") < beganMs - MAX_SKEW_MS;

/** Adopting what somebody else made would let a program delete it. */
const taken = (loss: UnikernelError): UnikernelError =>
  new UnikernelError("ALREADY_EXISTS", `${loss.message} The name is taken by an object that was not made here.`, {
    hint: "Choose another name, or leave the name out to have a unique one made.",
    details: { ...loss.details, mayHaveActed: false },
    cause: loss,
  });
