/** What any action on the API needs beside its arguments. */
import type { Clock } from "../base/clock";
import type { Client } from "./client";

/** The client, and how time passes. */
export interface CallContext {
  readonly client: Client;
  readonly clock: Clock;
  /** Aborts requests and pauses; `undefined` for an action that nobody can cancel. */
  readonly signal?: AbortSignal | undefined;
}
