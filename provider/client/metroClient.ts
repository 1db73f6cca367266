/** The client of a configured metro: a cloud's, or the local platform's. */
import type { MetroConfig } from "../base/config/metroConfig";
import { type Client, createClient } from "./client";
import { connectLocalDaemon } from "./localDaemon";
import { createMetroResolver } from "./transport/metroDiscovery";

/** The client of the metro that the settings name; calls of `local` start the daemon if none runs. */
export function createMetroClient({
  metro,
  url,
  token,
  needsDiscovery: isDiscovered,
  controlPlane,
  maxConcurrency,
  proxy,
}: MetroConfig): Client {
  const common = { metro, proxy, ...(maxConcurrency === undefined ? {} : { maxConcurrency }) };
  if (url === undefined || token === undefined) return createClient({ ...common, endpoint: localEndpoint() });
  const fixedEndpoint = (at: string) => () => Promise.resolve({ url: at, token });
  const listMetros = async (signal: AbortSignal) => (await client.getMetros({}, { signal })).items;
  const client: Client = createClient({
    ...common,
    endpoint: isDiscovered ? createMetroResolver({ metro, url, token }, listMetros) : fixedEndpoint(url),
    ...(controlPlane === undefined ? {} : { controlPlane: fixedEndpoint(controlPlane) }),
  });
  return client;
}

/** Finds the local daemon once and starts it if none runs; again after it refused a connection. */
function localEndpoint() {
  let found: ReturnType<typeof connectLocalDaemon> | undefined;
  return (refused: boolean) => {
    if (refused) found = undefined;
    found ??= connectLocalDaemon().catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  };
}
