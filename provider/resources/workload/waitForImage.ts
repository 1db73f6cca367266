/** Waits until a metro lists an image, because a push takes a while to reach it. */
import { UnikernelError } from "../../base/errors";
import { hasTimedOut } from "../../base/timeout";
import { DEFAULT_REGISTRY, parseReference } from "../../image/oci/reference";
import { isMetroRegistry } from "../../image/registry/auth/credentials";
import { type ProviderContext, withTimeLimit } from "../context";
import { parseDigest } from "./imageReference";

/** Longest wait. Source: the vendor's documentation, "minutes until visible to a metro"; its `kraft cloud deploy` waits for one. */
const MAX_WAIT_MS = 180_000;
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 5_000;

/**
 * The digest to wait for; `undefined` if a create needs no wait: a tag is resolved by the create, official images are there, and a
 * metro does not list the images of other registries, which it pulls. Pure.
 *
 * @param metro `local` has what was built on this machine, and pulls everything else
 */
export function digestToAwait(image: string | undefined, metro: string): string | undefined {
  const digest = parseDigest(image ?? "");
  if (image === undefined || digest === undefined || metro === "local") return undefined;
  try {
    const { registry = DEFAULT_REGISTRY, repository } = parseReference(image);
    const isOwn = repository.includes("/") && !repository.startsWith("official/");
    return isOwn && isMetroRegistry(registry) ? digest : undefined;
  } catch {
    return undefined; // the create reports what is wrong with it
  }
}

/**
 * Waits until the metro lists the image, for at most three minutes or the time limit of a create. Returns at once where
 * {@link digestToAwait} names none, and where the metro does not support the listing: its create then decides.
 *
 * Throws `WAIT_TIMEOUT`, and the client's errors if the metro cannot be reached.
 *
 * @param label resource in messages, such as `Service 'web'`
 */
export async function waitForImage(context: ProviderContext, image: string | undefined, label: string): Promise<void> {
  const { metro } = context;
  const digest = digestToAwait(image, metro);
  if (image === undefined || digest === undefined) return;
  const timeoutMs = Math.min(MAX_WAIT_MS, context.timeouts.createMs);
  const { client, clock, signal } = withTimeLimit(context, timeoutMs, `Waiting for the image '${image}'`);
  try {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      const listed = await listedDigests(client, digest);
      if (listed === undefined || listed.includes(digest)) return;
      if (pauseMs === FIRST_PAUSE_MS)
        context.printProgress(`${label}: waiting until metro '${metro}' lists '${image}'`);
      await clock.sleep(pauseMs, signal);
    }
  } catch (error) {
    if (error !== signal.reason || !hasTimedOut(signal)) throw error;
    throw new UnikernelError(
      "WAIT_TIMEOUT",
      `Metro '${metro}' does not list the image '${image}' after ${Math.round(timeoutMs / 1000)} s.`,
      {
        hint: "If it was pushed a moment ago, run 'pulumi up' again. Otherwise check its name and digest, and whether the token's account may read it.",
        details: { metro },
      },
    );
  }
}

/** The digests that the metro lists, of those asked for; `undefined` if it does not support the listing. */
async function listedDigests(
  client: ProviderContext["client"],
  digest: string,
): Promise<readonly (string | undefined)[] | undefined> {
  try {
    const { items } = await client.getImages({ query: { digest: [digest] } });
    return items.map(({ url }) => parseDigest(url));
  } catch (error) {
    if (UnikernelError.has(error, "NOT_FOUND")) return [];
    if (UnikernelError.has(error, "API_REJECTED", "NOT_SUPPORTED", "API_SHAPE", "NOT_ALLOWED")) return undefined;
    throw error;
  }
}
