/** Creates are not idempotent: after a lost answer, look for what may have been made before making it again. */
import { UnikernelError } from "../base/errors";

/** The part of an item that tells whether it was found. */
interface Findable {
  readonly status?: string | undefined;
}

/**
 * Runs `create`; when its answer was lost (`API_UNREACHABLE` after something may have reached the server), looks for the
 * object by its name, which is unique, and returns it. What is not there is created once more: should the first request
 * arrive late, the name lets only one of them make something.
 *
 * Throws whatever else went wrong as it is, and the loss when looking did not help.
 */
export async function adoptAfterLostAnswer<T extends Findable>(
  create: () => Promise<T>,
  find: () => Promise<T | undefined>,
): Promise<T> {
  const look = async (): Promise<T | undefined> => {
    const found = await find();
    return found === undefined || found.status === "error" ? undefined : found;
  };
  try {
    return await create();
  } catch (lost) {
    if (!UnikernelError.has(lost, "API_UNREACHABLE", "API_SHAPE")) throw lost;
    try {
      return (await look()) ?? (await create());
    } catch (error) {
      const late = UnikernelError.has(error, "ALREADY_EXISTS") ? await look().catch(() => undefined) : undefined;
      if (late !== undefined) return late;
      throw lost;
    }
  }
}
