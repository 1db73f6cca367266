/** What the lifecycle functions of resources need from the world. */
import { type Client, createClient, withSignal } from "../client/client";
import { createMetroResolver } from "../client/transport/metroDiscovery";
import { connectLocalDaemon } from "../client/localDaemon";
import { type ObjectReader, createObjectReader, withReadSignal } from "../client/objectReader";
import { type Clock, systemClock } from "../base/clock";
import type { MetroConfig } from "../base/config/metroConfig";
import { timeoutSignal } from "../base/timeout";
import { localPaths } from "../base/localPaths";
import type { ClearingMemory } from "./common/clearing";

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
  /** Its calls end when {@link ProviderContext.signal} aborts. */
  readonly client: Client;
  /** Looks objects up by uuid, many at the price of one. For looking once; who waits for something asks the client. */
  readonly reader: ObjectReader;
  /** What the user wrote: `local`, a code, or a URL. */
  readonly metro: string;
  readonly clock: Clock;
  /** Aborts when the operation's time is up, with a `WAIT_TIMEOUT` error as its reason, and when the operation is cancelled. */
  readonly signal: AbortSignal;
  /** Makes a signal that aborts after a time; tests bring one that follows their clock. */
  readonly createTimeout: typeof timeoutSignal;
  /** The context that {@link withTimeLimit} made this one from; `undefined` for one without a time limit. */
  readonly base?: ProviderContext;
  /** How long each kind of operation may take. */
  readonly timeouts: Timeouts;
  /** OCI image layout that images are built into. */
  readonly imageLayout: string;
  /** Prints one line about an operation that takes a while. */
  readonly printProgress: (line: string) => void;
  /** How the metro's nodes have a property cleared, as far as is known in this process. */
  readonly clearing: ClearingMemory;
}

/** What the process of a provider brings to a context. */
export interface ProcessHooks {
  /** Aborts when everything is cancelled. Default: never. */
  readonly cancellation?: AbortSignal;
  /** Default: progress is not printed. */
  readonly printProgress?: (line: string) => void;
}

/** The context with another signal, which ends its calls. */
function bindSignal(context: ProviderContext, signal: AbortSignal): ProviderContext {
  const { base = context } = context;
  const { client, reader } = base;
  return { ...base, base, signal, client: withSignal(client, signal), reader: withReadSignal(reader, signal) };
}

/**
 * The context of one operation, whose signal aborts when the time is up or the operation is cancelled.
 *
 * @param attempted begins the sentence of the `WAIT_TIMEOUT` error, such as `Creating volume 'data'`
 */
export const withTimeLimit = (context: ProviderContext, timeoutMs: number, attempted: string): ProviderContext =>
  bindSignal(context, AbortSignal.any([context.signal, context.createTimeout(timeoutMs, attempted)]));

/** Time for what must be done after an operation failed, also by timeout: look at what is left, and remove it. */
const CLEANUP_TIMEOUT_MS = 30_000;
/** The same after a cancellation: the engine kills the process five seconds after it. */
const CANCELLED_CLEANUP_TIMEOUT_MS = 2_000;

/** The context for cleaning up after a failure; it does not end with the operation's own signal. */
export function forCleanup(context: ProviderContext): ProviderContext {
  const isCancelled = (context.base ?? context).signal.aborted;
  const timeoutMs = isCancelled ? CANCELLED_CLEANUP_TIMEOUT_MS : CLEANUP_TIMEOUT_MS;
  return bindSignal(context, context.createTimeout(timeoutMs, "Cleaning up"));
}

/** Makes the context of one metro; connections are shared by all resources that use it. */
export function createContext(config: MetroConfig, hooks: ProcessHooks = {}): ProviderContext {
  const client = createMetroClient(config);
  return {
    client,
    reader: createObjectReader(client),
    metro: config.metro,
    clock: systemClock,
    signal: hooks.cancellation ?? new AbortController().signal,
    createTimeout: timeoutSignal,
    timeouts: { ...DEFAULT_TIMEOUTS, ...config.timeouts },
    imageLayout: localPaths().imagesDir,
    printProgress: hooks.printProgress ?? (() => undefined),
    clearing: { form: "set" },
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
