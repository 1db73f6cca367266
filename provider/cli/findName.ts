/** What a name on the command line stands for: an object's name, or that of the resource whose object has a derived one. */
import { UnikernelError } from "../base/errors";
import { closestMatch } from "../base/spelling";
import { isDerivedFrom, nameStem } from "../definition/naming";

/** Most names in a hint. */
const MAX_SUGGESTIONS = 5;

/** An object that a metro lists. */
interface Named {
  readonly name?: string | null | undefined;
}

/** The objects that the name may mean, best first. Pure. */
export function findNames(wanted: string, names: readonly string[]): readonly string[] {
  const derived = names.filter((name) => isDerivedFrom(wanted, name));
  if (derived.length > 0) return derived;
  const longer = names.filter((name) => name.startsWith(`${wanted.toLowerCase()}-`));
  if (longer.length > 0) return longer;
  // Misspelt, or that of a resource is.
  const closest = closestMatch(wanted, [...names, ...names.map(nameStem)]);
  return names.filter((name) => name === closest || nameStem(name) === closest);
}

/**
 * What `read` returns for the object with this name, or else for the only one whose name derives from that of such a resource.
 *
 * Throws `NOT_FOUND` with the names that may be meant, or the errors of `read`.
 *
 * @param read reads one object by its name; throws `NOT_FOUND` if there is none
 * @param list lists the objects that may be meant
 * @param options.suggestOnly true if only the exact name counts, for a command that destroys
 */
export async function readNamed<T>(
  wanted: string,
  read: (name: string) => Promise<T>,
  list: () => Promise<readonly Named[]>,
  { suggestOnly = false }: { readonly suggestOnly?: boolean } = {},
): Promise<T> {
  try {
    return await read(wanted);
  } catch (error) {
    if (!UnikernelError.has(error, "NOT_FOUND")) throw error;
    const names = await list().then(
      (items) => items.flatMap(({ name }) => name ?? []),
      () => [],
    );
    const found = findNames(wanted, names);
    const [only] = found;
    if (!suggestOnly && only !== undefined && found.length === 1 && isDerivedFrom(wanted, only))
      return await read(only);
    if (found.length === 0) throw error;
    const suggested = found.slice(0, MAX_SUGGESTIONS).map((name) => `'${name}'`);
    throw new UnikernelError("NOT_FOUND", error.message, {
      hint: `Did you mean ${suggested.join(" or ")}?`,
      cause: error,
      details: error.details,
    });
  }
}
