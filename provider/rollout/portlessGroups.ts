/** Whether a metro has service groups without ports, an extension of the local platform: there each port has one owner. */
import type { CallContext } from "../client/callContext";
import { onlyItem } from "../client/client";

/** Does the metro report the extension? Throws as the client does. */
export async function hasPortlessGroups({ client, signal }: Pick<CallContext, "client" | "signal">): Promise<boolean> {
  const health = await client.getHealthz({}, signal === undefined ? {} : { signal });
  const { features } = onlyItem(health, `Reading the health of metro '${client.metro}'`);
  return features?.includes("groups-without-ports") ?? false;
}
