/** The extensions of the API that a metro has. */
import type { CallContext } from "../client/callContext";
import { onlyItem } from "../client/client";

/** Names of extensions. */
export type MetroFeature = "readiness-probe" | "rotation" | "groups-without-ports";

/** Does the metro report this extension? Throws as the client does. */
export async function hasFeature(
  { client, signal }: Pick<CallContext, "client" | "signal">,
  feature: MetroFeature,
): Promise<boolean> {
  const health = await client.getHealthz({}, signal === undefined ? {} : { signal });
  return onlyItem(health, `Reading the health of metro '${client.metro}'`).features?.includes(feature) ?? false;
}
