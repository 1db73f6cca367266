/**
 * Keys of what the SDK class passes beside the arguments, because the dynamic protocol does not: who the resource is, and options of
 * the program. The engine hides keys that start with two underscores. `sdk/resource.ts` writes them.
 */
import type { Properties } from "./resource";

/** Key of the resource's URN, from which its name in messages and its identity follow. */
export const URN_KEY = "__urn";

/** Key of the resource's Pulumi name in state of earlier releases, which had no URN there. */
export const RESOURCE_NAME_KEY = "__resourceName";

/** Key of the owner of the stack: `unikernel:owner`, or its organization. Absent if the stack has neither. */
export const OWNER_KEY = "__owner";

/** Key of the option `customTimeouts`, in milliseconds: `createMs`, `updateMs`, `deleteMs`. */
export const TIMEOUTS_KEY = "__timeouts";

/** Key of the option `replaceOnChanges`: property paths. */
export const REPLACE_ON_CHANGES_KEY = "__replaceOnChanges";

/** The URN in inputs or state; `undefined` in those of an earlier release. */
export function urnIn(properties: Properties): string | undefined {
  const urn = properties[URN_KEY];
  return typeof urn === "string" ? urn : undefined;
}

/** The Pulumi name in inputs or state: the last part of the URN, which may hold colons of its own. */
export function resourceNameIn(properties: Properties): string | undefined {
  const name = urnIn(properties)?.split("::").slice(3).join("::") ?? properties[RESOURCE_NAME_KEY];
  return typeof name === "string" ? name : undefined;
}
