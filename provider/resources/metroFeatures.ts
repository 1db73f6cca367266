/** Extensions of the API that a metro has, as a preview asks for them. */
import { type Client, withSignal } from "../client/client";
import { isLocalDaemonDown } from "../client/localDaemon";
import { metroFeatures } from "../client/transport/metroFeatures";
import { LOCAL_FEATURES } from "../contract/models";

/** A preview works without them, so it does not wait longer. */
const TIMEOUT_MS = 5_000;

/**
 * The extensions of the metro; undefined if it does not respond. Never starts the local daemon, whose extensions are known.
 */
export async function findMetroFeatures({
  client,
  metro,
}: {
  readonly client: Client;
  readonly metro: string;
}): Promise<ReadonlySet<string> | undefined> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    return (await isLocalDaemonDown(metro, signal)) ? LOCAL_FEATURES : await metroFeatures(withSignal(client, signal));
  } catch {
    return undefined;
  }
}
