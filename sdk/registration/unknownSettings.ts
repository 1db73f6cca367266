/** Warns of misspelt settings, which would otherwise be ignored. */
import * as pulumi from "@pulumi/pulumi";
import { SETTING_KEYS } from "../provider";

const NAMESPACE = "unikernel:";

/** The settings of a stack: those of a Provider, and its owner. */
const KNOWN: readonly string[] = [...SETTING_KEYS, "owner"];

type ClosestMatch = (word: string, known: readonly string[]) => string | undefined;

/** The known name closest to `word`; `undefined` if none is similar. Loads the provider's file only now: most programs misspell nothing. */
export function suggestName(word: string, known: readonly string[]): string | undefined {
  const { closestMatch } = require("../../provider/base/spelling") as { readonly closestMatch: ClosestMatch };
  return closestMatch(word, known);
}

/** Stacks whose settings were checked: one process may run several. */
const checked = new Set<string>();

/** Warns once of each setting of the stack in our namespace that does not exist. */
export function warnOfUnknownSettings(): void {
  const stack = `${pulumi.getProject()}/${pulumi.getStack()}`;
  if (checked.has(stack)) return;
  checked.add(stack);
  for (const key of Object.keys(pulumi.runtime.allConfig())) {
    const name = key.slice(NAMESPACE.length);
    if (!key.startsWith(NAMESPACE) || KNOWN.includes(name)) continue;
    const similar = suggestName(name, KNOWN);
    const way =
      similar === undefined
        ? `Known settings: ${KNOWN.map((known) => NAMESPACE + known).join(", ")}.`
        : `Did you mean ${NAMESPACE}${similar}?`;
    void pulumi.log.warn(`${key} is not a setting and is ignored. ${way}`);
  }
}
