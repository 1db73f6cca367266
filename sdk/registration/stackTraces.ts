/**
 * Turns stack traces off while @pulumi/pulumi creates the outputs of a resource.
 *
 * For every property, @pulumi/pulumi creates four promises and formats a stack trace for each, which only `PULUMI_DEBUG_PROMISE_LEAKS`
 * prints (`transferProperties` in `runtime/rpc.ts`; `runtime/debuggable.ts`). Programs run with source maps, so these traces take most
 * of the time to register a resource with twenty outputs. Without them, a leaked promise still names its resource and property.
 */

/** Switch for the stack traces of errors during one registration. */
export interface StackTraces {
  /** Turns stack traces off. */
  readonly off: () => void;
  /** Restores the previous limit. */
  readonly on: () => void;
  /** Restores the previous limit for good: afterwards {@link off} does nothing. */
  readonly end: () => void;
}

/** Creates the switch for one registration. A constructor is synchronous, so no other code runs while traces are off. */
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
