/** The metro's extensions of the API, for a preview. */
import { withSignal } from "../client/client";
import { isLocalDaemonDown } from "../client/localDaemon";
import { type MetroFeature, metroFeatures } from "../client/metroFeatures";
import type { ProviderContext } from "./context";

/** Those of this release's local platform. */
const LOCAL_FEATURES: ReadonlySet<string> = new Set<MetroFeature>(["readiness-probe", "rotation"]);

/** A preview works without them, so it does not wait longer. */
const TIMEOUT_MS = 5_000;

/** The extensions; undefined if the metro does not respond. Never starts the local daemon, whose extensions are known. */
export async function findMetroFeatures({
  client,
  metro,
}: Pick<ProviderContext, "client" | "metro">): Promise<ReadonlySet<string> | undefined> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return (await isLocalDaemonDown(metro, signal)) ? LOCAL_FEATURES : await metroFeatures(withSignal(client, signal));
  } catch {
    return undefined;
  }
}
