/**
 * Turns stack traces off while @pulumi/pulumi makes the outputs of a resource.
 *
 * For every property the SDK makes four promises and formats a stack trace for each, which only `PULUMI_DEBUG_PROMISE_LEAKS` prints
 * (`runtime/rpc.ts`, `transferProperties`; `runtime/debuggable.ts`). Programs run with source maps, where these traces take most of the
 * time that registering a resource with twenty outputs takes. A leaked promise still names its resource and property.
 */

/** Whether errors get stack traces, while one resource is registered. */
export interface StackTraces {
  readonly off: () => void;
  readonly on: () => void;
  /** Turns them on for good: from here on {@link off} does nothing. */
  readonly end: () => void;
}

/** Made for one registration, during which nothing else runs: a constructor does not wait. */
export function stackTraces(): StackTraces {
  const { stackTraceLimit } = Error;
  let isRegistering = true;
  const set = (limit: number) => () => {
    if (isRegistering) Error.stackTraceLimit = limit;
  };
  const on = set(stackTraceLimit);
  return {
    off: set(0),
    on,
    end: () => {
      on();
      isRegistering = false;
    },
  };
}
