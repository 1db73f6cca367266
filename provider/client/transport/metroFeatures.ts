/** Extensions of the API that a metro has. */
import { isVendorMetro } from "../../base/config/metroConfig";
import type { MetroFeature } from "../../contract/models";
import type { Client } from "../client";

/** By a function of the client that `withSignal` hands on, so that a client and those made of it are asked for once. */
const asked = new WeakMap<Client["changeCount"], Promise<ReadonlySet<string>>>();

/**
 * The features of the client's metro. Asked once per client; a metro of the vendor's cloud has none and is not asked.
 *
 * Throws the client's errors; then the next call asks again.
 */
export function metroFeatures(client: Client): Promise<ReadonlySet<string>> {
  if (isVendorMetro(client.metro)) return Promise.resolve(new Set());
  const known = asked.get(client.changeCount);
  if (known !== undefined) return known;
  const answer = client.getHealthz({}).then(({ items }) => new Set(items[0]?.features ?? []));
  asked.set(client.changeCount, answer);
  answer.catch(() => asked.delete(client.changeCount));
  return answer;
}

/** True if the client's metro has the feature. Throws like {@link metroFeatures}. */
export const hasFeature = async (client: Client, feature: MetroFeature): Promise<boolean> =>
  (await metroFeatures(client)).has(feature);
