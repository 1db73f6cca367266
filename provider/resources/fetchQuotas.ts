/** The account's quotas, for a preview. */
import { findLocalDaemon } from "../client/localDaemon";
import type { QuotasItem } from "../contract/models";
import { UnikernelError } from "../base/errors";
import type { ProviderContext } from "./context";

export type { QuotasItem } from "../contract/models";

/** A preview does not wait longer for what it can do without. */
const TIMEOUT_MS = 5_000;

/** Is it a setting that is wrong, with which nothing could be made? Where the token is a good one, its permissions may differ (403). */
const isConfigError = (error: unknown): boolean =>
  UnikernelError.has(error, "CONFIG_INVALID") ||
  (UnikernelError.has(error, "API_UNAUTHORIZED") && error.details["status"] === 401);

/**
 * The quotas as they are; `undefined` when they cannot be asked for: the preview goes on without them. Starts no daemon.
 *
 * Throws `CONFIG_INVALID` for a metro that does not exist, and `API_UNAUTHORIZED` for a token that it does not know.
 */
export async function fetchQuotas({ client, metro }: ProviderContext): Promise<QuotasItem | undefined> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    if (metro === "local" && (await findLocalDaemon(undefined, signal)) === undefined) return undefined;
    const item = (await client.getQuotas({}, { signal })).items[0];
    return item?.status === "error" ? undefined : item;
  } catch (error) {
    if (isConfigError(error)) throw error;
    // What is wrong with the metro is said by whatever needs it first.
    return undefined;
  }
}
