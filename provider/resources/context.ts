/** The context of the lifecycle functions: API client, clock, cancellation and time limits. */
import { type Client, withSignal } from "../client/client";
import { createMetroClient } from "../client/metroClient";
import { type ObjectReader, createObjectReader, withReadSignal } from "../client/objectReader";
import { type Clock, systemClock } from "../base/clock";
import { type MetroConfig, vendorToken } from "../base/config/metroConfig";
import { timeoutSignal } from "../base/timeout";
import type { Identity } from "../definition/identity";
import { localPaths } from "../base/localPaths";
import type { ClearingMemory } from "./common/clearing";
import { type ReadGuestImage, createGuestImageReader } from "./images/guestImages";
import { type ReadImageLabels, createImageLabelReader } from "./images/imageLabels";
import { createRegistryImages } from "./images/registryImages";

/** Time limits of operations on one resource, in milliseconds. */
export interface Timeouts {
  readonly createMs: number;
  readonly updateMs: number;
  readonly deleteMs: number;
}

/** Five minutes each: the first start of an instance pulls and unpacks its image. */
const DEFAULT_TIMEOUTS: Timeouts = { createMs: 300_000, updateMs: 300_000, deleteMs: 300_000 };

/** Passed to every create, read, update and delete. */
export interface ProviderContext {
  /** API client. Its calls end when {@link ProviderContext.signal} aborts. */
  readonly client: Client;
  /** Reads objects by UUID and batches concurrent reads into one request. For single reads; polling uses `client`. */
  readonly reader: ObjectReader;
  /** The metro as configured: `local`, a metro code, or a URL. */
  readonly metro: string;
  /** Token of one of the vendor's metros, which is also the login at its registry; `undefined` for any other. Secret. */
  readonly metroToken?: string | undefined;
  readonly clock: Clock;
  /** Aborts when the operation times out (the reason is a `WAIT_TIMEOUT` error) or is cancelled. */
  readonly signal: AbortSignal;
  /** Creates a signal that aborts after a timeout. Tests pass one that follows their own clock. */
  readonly createTimeout: typeof timeoutSignal;
  /** The context without a time limit that {@link withTimeLimit} derived this one from; undefined if this is that context. */
  readonly base?: ProviderContext;
  /** Time limit of each kind of operation. */
  readonly timeouts: Timeouts;
  /** Directory of the OCI image layout that receives built images. */
  readonly imageLayout: string;
  /** Reads the labels of an image. */
  readonly readImageLabels: ReadImageLabels;
  /** Looks at what the guests of an image can have, on metro `local`. */
  readonly readGuestImage: ReadGuestImage;
  /** Prints one progress line of a long operation. */
  readonly printProgress: (line: string) => void;
  /** Prints a warning about the resource, once. */
  readonly printWarning: (sentence: string) => void;
  /** URN of the resource; `undefined` where none is known. */
  readonly urn?: string | undefined;
  /** Aborts when the user asks for an end of the run: a rollout ends after its current step. `undefined`: nobody can ask. */
  readonly stopRequest?: AbortSignal | undefined;
  /** File that receives the events of rollouts; `undefined`: none. */
  readonly rolloutEventsFile?: string | undefined;
  /** How the metro's nodes have a property cleared, as far as is known in this process. */
  readonly clearing: ClearingMemory;
  /** Whose objects this operation makes and may take over; `undefined` where no URN is known, as for state of an earlier release. */
  readonly ownership?: Ownership;
}

/** Who a resource is, for the objects that are made for it. */
export interface Ownership extends Identity {
  /** Its name was derived, not given by the program. */
  readonly hasDerivedName: boolean;
}

/** Hooks of the provider process. */
export interface ProcessHooks {
  /** Aborts when all operations are cancelled. Default: never. */
  readonly cancellation?: AbortSignal;
  /** Aborts when operations should end after their current step. Default: never. */
  readonly stopRequest?: AbortSignal;
}

/** The context with a different signal, which also ends its client's calls. */
function bindSignal(context: ProviderContext, signal: AbortSignal): ProviderContext {
  const { base = context } = context;
  const { client, reader } = base;
  return { ...base, base, signal, client: withSignal(client, signal), reader: withReadSignal(reader, signal) };
}

/**
 * The context of one operation. Its signal aborts when the operation times out or is cancelled.
 *
 * @param attempted subject of the `WAIT_TIMEOUT` message, such as `Creating volume 'data'`
 */
export const withTimeLimit = (context: ProviderContext, timeoutMs: number, attempted: string): ProviderContext =>
  bindSignal(context, AbortSignal.any([context.signal, context.createTimeout(timeoutMs, attempted)]));

/** Time to read and remove what a failed or timed-out operation left behind. */
const CLEANUP_TIMEOUT_MS = 30_000;
/** The same after a cancellation. The engine kills the process five seconds after cancelling it. */
const CANCELLED_CLEANUP_TIMEOUT_MS = 2_000;

/** The context for cleaning up after a failure. It outlives the operation's own signal. */
export function forCleanup(context: ProviderContext): ProviderContext {
  const isCancelled = (context.base ?? context).signal.aborted;
  const timeoutMs = isCancelled ? CANCELLED_CLEANUP_TIMEOUT_MS : CLEANUP_TIMEOUT_MS;
  return bindSignal(context, context.createTimeout(timeoutMs, "Cleaning up"));
}

/** Creates the context of one metro. All resources that use it share its connections. */
export function createContext(config: MetroConfig, hooks: ProcessHooks = {}): ProviderContext {
  const client = createMetroClient(config);
  const signal = hooks.cancellation ?? new AbortController().signal;
  const { imagesDir: imageLayout, pulledImagesDir } = localPaths();
  const describe = createRegistryImages(signal);
  return {
    client,
    reader: createObjectReader(client),
    metro: config.metro,
    metroToken: vendorToken(config),
    clock: systemClock,
    signal,
    createTimeout: timeoutSignal,
    timeouts: { ...DEFAULT_TIMEOUTS, ...config.timeouts },
    imageLayout,
    readImageLabels: createImageLabelReader({ ...config, layout: imageLayout, describe, signal }),
    readGuestImage: createGuestImageReader({ layouts: [imageLayout, pulledImagesDir], describe, signal }),
    printProgress: () => undefined,
    printWarning: () => undefined,
    stopRequest: hooks.stopRequest,
    rolloutEventsFile: config.rolloutEventsFile,
    clearing: { form: "set" },
  };
}
