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

const namesOf = (digests: readonly string[]): string =>
  [...new Set(digests)]
    .map((digest) => `${digest.slice(0, SHORT_DIGEST_LENGTH)}…`)
    .sort()
    .join(" and ");

/**
 * How many members are not as requested, such as `3 of 5 still on sha256:0123456789ab…`; `undefined` if none is, or if that is not
 * known. The requested image may have no digest, or be the one that runs, with other settings: then it is known if no member is new.
 *
 * @param image the requested image
 * @param digests those of the members, as they were last observed
 * @param areAllOld true if every member was made from the template in state, which is not the requested one
 */
export function describeRemaining(
  image: string,
  digests: readonly string[],
  areAllOld: boolean,
): { readonly isPartial: boolean; readonly text: string } | undefined {
  const requested = digestIn(image);
  const total = digests.length;
  const old = requested === undefined ? [] : digests.filter((digest) => digest !== requested);
  if (old.length > 0)
    return { isPartial: old.length < total, text: `${old.length} of ${total} still on ${namesOf(old)}` };
  return areAllOld && total > 0
    ? { isPartial: false, text: `${total} of ${total} still with the old template, on ${namesOf(digests)}` }
    : undefined;
}
