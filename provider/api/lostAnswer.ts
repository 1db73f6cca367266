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
 * Throws whatever else went wrong as it is, `ALREADY_EXISTS` when the name is a stranger's, and the loss when looking did not help.
 *
 * @param isOurs could this be what `create` made? Default: yes, for a name that nobody else would think of
 */
export async function adoptAfterLostAnswer<T extends Findable>(
  create: () => Promise<T>,
  find: () => Promise<T | undefined>,
  isOurs: (found: T) => boolean = () => true,
): Promise<T> {
  const look = async (): Promise<T | undefined> => {
    const found = await find();
    if (found === undefined || found.status === "error") return undefined;
    if (isOurs(found)) return found;
    throw new UnikernelError("ALREADY_EXISTS", "The name is taken by an object that was not made here.", {
      hint: "Choose another name, or leave the name out to have a unique one made.",
    });
  };
  try {
    return await create();
  } catch (lost) {
    if (!UnikernelError.has(lost, "API_UNREACHABLE", "API_SHAPE")) throw lost;
    try {
      return (await look()) ?? (await create());
    } catch (error) {
      if (!UnikernelError.has(error, "ALREADY_EXISTS")) throw lost;
    }
    // The first request arrived late, or somebody else has the name.
    const late = await look().catch((error: unknown) => {
      throw UnikernelError.has(error, "ALREADY_EXISTS") ? error : lost;
    });
    if (late === undefined) throw lost;
    return late;
  }
}
