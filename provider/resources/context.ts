/** What the lifecycle functions of resources need from the world. */
import { type Client, createClient } from "../client/client";
import { createMetroResolver } from "../client/transport/metroDiscovery";
import { connectLocalDaemon } from "../client/localDaemon";
import { type ObjectReader, createObjectReader } from "../client/objectReader";
import { type Clock, systemClock } from "../base/clock";
import type { MetroConfig } from "../base/config/metroConfig";
import { localPaths } from "../base/localPaths";

/** Milliseconds that an operation on one resource may take. */
export interface Timeouts {
  readonly createMs: number;
  readonly updateMs: number;
  readonly deleteMs: number;
}

/** An image is pulled and unpacked on the first start of an instance. */
const DEFAULT_TIMEOUTS: Timeouts = { createMs: 300_000, updateMs: 300_000, deleteMs: 300_000 };

/** Given to every create, read, update and delete. */
export interface ProviderContext {
  readonly client: Client;
  /** Looks objects up by uuid, many at the price of one. For looking once; who waits for something asks the client. */
  readonly reader: ObjectReader;
  /** What the user wrote: `local`, a code, or a URL. */
  readonly metro: string;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** How long each kind of operation may take. */
  readonly timeouts: Timeouts;
  /** OCI image layout that images are built into. */
  readonly imageLayout: string;
}

/** Makes the context of one metro; connections are shared by all resources that use it. */
export function createContext(config: MetroConfig): ProviderContext {
  const client = createMetroClient(config);
  return {
    client,
    reader: createObjectReader(client),
    metro: config.metro,
    clock: systemClock,
    signal: undefined,
    timeouts: { ...DEFAULT_TIMEOUTS, ...config.timeouts },
    imageLayout: localPaths().imagesDir,
  };
}

function createMetroClient({
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
