/** The instances that the words of a command line name. Pure. */
import { UnikernelError } from "../../../base/errors";
import { isDerivedFrom } from "../../../definition/naming";
import { findNames } from "../../findName";

/** An object with a name and a UUID. */
export interface Identified {
  readonly uuid: string;
  readonly name: string;
}

/** What may be named, and how. */
interface Selection {
  readonly kind: string;
  readonly listing?: string;
  readonly exact?: boolean;
}

/** Fewest characters of a UUID that name an object: fewer are more likely the start of a name. */
const MIN_PREFIX = 4;
const MAX_SUGGESTIONS = 5;

/**
 * The objects that the words name, each once, in the order of the words. A word is a name, a UUID, the unique start of one, or the
 * name of a resource with one object.
 *
 * Throws `INPUT_INVALID` without words, or for one that several objects match; `NOT_FOUND`.
 *
 * @param options.kind such as `instance`
 * @param options.listing the command that lists them; default `local ps`
 * @param options.exact true if the name of a resource does not count, for a command that destroys
 */
export function selectByWords<T extends Identified>(
  words: readonly string[],
  items: readonly T[],
  { kind, listing = "local ps", exact = false }: Selection,
): readonly T[] {
  if (words.length === 0) {
    throw new UnikernelError("INPUT_INVALID", `No ${kind} is named.`, {
      hint: `Give its name or UUID${items.length === 0 ? "" : `, such as '${items[0]?.name ?? ""}'`}.`,
    });
  }
  return [...new Set(words.map((word) => selectOne(word, items, { kind, listing, exact })))];
}

function selectOne<T extends Identified>(
  word: string,
  items: readonly T[],
  { kind, listing, exact }: Required<Selection>,
): T {
  const named = items.find(({ name, uuid }) => name === word || uuid === word.toLowerCase());
  if (named !== undefined) return named;
  const begun = word.length < MIN_PREFIX ? [] : items.filter(({ uuid }) => uuid.startsWith(word.toLowerCase()));
  const derived = exact ? [] : items.filter(({ name }) => isDerivedFrom(word, name));
  const found = begun.length > 0 ? begun : derived;
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (only !== undefined) {
    const names = found.slice(0, MAX_SUGGESTIONS).map(({ name, uuid }) => `'${name}' (${uuid})`);
    throw new UnikernelError(
      "INPUT_INVALID",
      `'${word}' may be one of ${found.length} ${kind}s: ${names.join(", ")}.`,
      {
        hint: "Give the whole name or more of the UUID.",
      },
    );
  }
  const similar = findNames(word, items.map(({ name }) => name)).slice(0, MAX_SUGGESTIONS); // prettier-ignore
  throw new UnikernelError("NOT_FOUND", `There is no ${kind} '${word}' on the local platform.`, {
    hint:
      similar.length === 0
        ? `'npx unikernel ${listing}' lists the ${kind}s.`
        : `Did you mean ${similar.map((name) => `'${name}'`).join(" or ")}?`,
  });
}
