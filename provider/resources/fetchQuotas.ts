/** The account's quotas, for a preview. */
import { environmentVariable } from "../base/config/environment";
import { UnikernelError } from "../base/errors";
import { isLocalDaemonDown } from "../client/localDaemon";
import type { QuotasItem } from "../contract/models";
import { parseEnvironmentQuotas, resolveQuotas } from "../platform/quota/quotaSettings";
import type { ProviderContext } from "./context";

export type { QuotasItem } from "../contract/models";

/** A preview works without quotas, so it does not wait longer for them. */
const TIMEOUT_MS = 5_000;

/** True if a setting is wrong, so that every operation would fail. 403 is not such an error: a valid token may lack this one permission. */
const isConfigError = (error: unknown): boolean =>
  UnikernelError.has(error, "CONFIG_INVALID") ||
  (UnikernelError.has(error, "API_UNAUTHORIZED") && error.details["status"] === 401);

/**
 * The account's current quotas; undefined if they cannot be read, in which case the preview continues without them. Never starts
 * the local daemon: while it does not run, the quotas are those that it will start with, and nothing counts as used.
 *
 * Throws `CONFIG_INVALID` if the metro does not exist or `UNIKERNEL_QUOTAS` is malformed, and `API_UNAUTHORIZED` if the metro rejects the token (401).
 */
export async function fetchQuotas({ client, metro }: ProviderContext): Promise<QuotasItem | undefined> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    if (await isLocalDaemonDown(metro, signal)) return quotasOfNextDaemon();
    const item = (await client.getQuotas({}, { signal })).items[0];
    return item?.status === "error" ? undefined : item;
  } catch (error) {
    if (isConfigError(error)) throw error;
    // The first operation that needs the metro reports the error.
    return undefined;
  }
}

/** Throws `CONFIG_INVALID` for a malformed `UNIKERNEL_QUOTAS`, with which the daemon would not start. */
function quotasOfNextDaemon(): QuotasItem {
  try {
    const { hard, limits } = resolveQuotas(parseEnvironmentQuotas(environmentVariable("UNIKERNEL_QUOTAS")));
    return { status: "success", uuid: "", used: {}, hard, limits };
  } catch (error) {
    if (!UnikernelError.has(error, "INPUT_INVALID")) throw error;
    const { message, hint, cause } = error;
    const options = { property: "UNIKERNEL_QUOTAS", cause, ...(hint === undefined ? {} : { hint }) };
    throw new UnikernelError("CONFIG_INVALID", message, options);
  }
}
