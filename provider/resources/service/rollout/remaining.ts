/** What is left of an unfinished rollout, in words. Pure. */
import { digestIn } from "../../workload/request";

/** `sha256:` and 12 digits, as container tools print them. */
const SHORT_DIGEST_LENGTH = 19;

/** The digests in the `instances` output; those of an earlier release have none. */
export function memberDigests(instances: unknown): readonly string[] {
  if (!Array.isArray(instances)) return [];
  return instances.flatMap(({ digest }: { readonly digest?: unknown }) =>
    typeof digest === "string" && digest !== "" ? [digest] : [],
  );
}

/**
 * How many members run another image than the requested one, such as `3 of 5 still on sha256:0123456789ab…`; `undefined` if none does,
 * or if that is not known.
 *
 * @param image the requested image
 * @param digests those of the members, as they were last observed
 */
export function describeRemaining(
  image: string,
  digests: readonly string[],
): { readonly isPartial: boolean; readonly text: string } | undefined {
  const requested = digestIn(image);
  const old = digests.filter((digest) => digest !== requested);
  if (requested === undefined || old.length === 0) return undefined;
  const names = [...new Set(old)].map((digest) => `${digest.slice(0, SHORT_DIGEST_LENGTH)}…`).sort();
  return {
    isPartial: old.length < digests.length,
    text: `${old.length} of ${digests.length} still on ${names.join(" and ")}`,
  };
}
