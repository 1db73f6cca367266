/** Creates are not idempotent: after a lost answer, look for what may have been made before saying that it failed. */
import { UnikernelError } from "../base/errors";

/** The part of an item that tells whether it was found. */
interface Findable {
  readonly status?: "success" | "error" | undefined;
}

/**
 * Runs `create`; when its answer was lost (`API_UNREACHABLE` after something may have reached the server), looks for the object by its
 * name, which is unique, and returns it. Anything else that went wrong is thrown as it is.
 */
export async function adoptAfterLostAnswer<T extends Findable>(
  create: () => Promise<T>,
  find: () => Promise<T | undefined>,
): Promise<T> {
  try {
    return await create();
  } catch (error) {
    if (!UnikernelError.has(error, "API_UNREACHABLE", "API_SHAPE")) throw error;
    const found = await find().catch(() => undefined);
    if (found === undefined || found.status === "error") throw error;
    return found;
  }
}
