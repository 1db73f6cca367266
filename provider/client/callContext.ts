/** What every operation on the API needs besides its arguments. */
import type { Clock } from "../base/clock";
import type { Client } from "./client";

/** Client, clock and cancellation of an operation. */
export interface CallContext {
  readonly client: Client;
  readonly clock: Clock;
  /** Aborts requests and sleeps; `undefined` if the operation cannot be cancelled. */
  readonly signal?: AbortSignal | undefined;
}

/** The options of a request that ends with the operation. */
export const callOptions = ({ signal }: Pick<CallContext, "signal">): { readonly signal?: AbortSignal } =>
  signal === undefined ? {} : { signal };
