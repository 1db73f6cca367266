/** The account's quotas, for a preview. */
import { findLocal } from "../api/localDaemon";
import type { QuotasItem } from "../api/models";
import type { ProviderContext } from "./context";

export type { QuotasItem } from "../api/models";

/** A preview does not wait longer for what it can do without. */
const LIMIT_MS = 5_000;

/** The quotas as they are; `undefined` when they cannot be asked for: the preview goes on without them. Starts no daemon. */
export async function fetchQuotas({ client, metro }: ProviderContext): Promise<QuotasItem | undefined> {
  try {
    const signal = AbortSignal.timeout(LIMIT_MS);
    if (metro === "local" && (await findLocal(undefined, signal)) === undefined) return undefined;
    const item = (await client.getQuotas({}, { signal })).items[0];
    return item?.status === "error" ? undefined : item;
  } catch {
    // What is wrong with the metro or the token is said by whatever needs it first.
    return undefined;
  }
}
