/** Extensions of the API that a metro has. */
import type { Client } from "../client/client";
import { isLocalDaemonDown } from "../client/localDaemon";

/**
 * An extension. `readiness-probe`: an instance is probed before it gets connections. `rotation`: an instance can be taken out of its
 * service's rotation, and put back.
 */
export type MetroFeature = "readiness-probe" | "rotation";

/** Those of this release's local platform. */
const LOCAL_FEATURES: ReadonlySet<string> = new Set<MetroFeature>(["readiness-probe", "rotation"]);

/** A preview works without them, so it does not wait longer. */
const TIMEOUT_MS = 5_000;

const found = new WeakMap<Client, Promise<ReadonlySet<string> | undefined>>();

async function request(client: Client, metro: string): Promise<ReadonlySet<string> | undefined> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    if (await isLocalDaemonDown(metro, signal)) return LOCAL_FEATURES;
    const { items } = await client.getHealthz({}, { signal });
    return new Set(items[0]?.features ?? []);
  } catch {
    return undefined;
  }
}

/**
 * The extensions of the metro, asked for once per client; undefined if it does not respond. Never starts the local daemon, whose
 * extensions are known.
 */
export function findMetroFeatures({
  client,
  metro,
}: {
  readonly client: Client;
  readonly metro: string;
}): Promise<ReadonlySet<string> | undefined> {
  const known = found.get(client) ?? request(client, metro);
  found.set(client, known);
  return known;
}
