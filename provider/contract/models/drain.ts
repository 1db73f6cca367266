/** What became of the connections of a member that drained. An extension of metros with the feature `rotation`. */
import * as z from "zod";

/** How long a half-closed connection of an instance that drains may pass no byte, where nobody says otherwise. Milliseconds. */
export const DEFAULT_HALF_CLOSED_TIMEOUT_MS = 5_000;

/** The drain of an instance in a response: its connections when the drain began, by what became of them. */
export const drainItem = z.looseObject({
  /** Still open; 0 once the drain is over. */
  open: z.int(),
  /** Closed by a side, or idle after a complete exchange. */
  finished: z.int(),
  /** The client's next request went to another instance. */
  moved: z.int(),
  /** One side had closed, and no byte passed within `half_closed_timeout_ms`. */
  half_closed: z.int(),
  /** Still open at `drain_timeout_ms`, or when the drain was ended by a forced stop. */
  cut: z.int(),
  /** Time since the drain began; once it is over, how long it took. Milliseconds. */
  elapsed_ms: z.int(),
});
/** One {@link drainItem}. */
export type DrainItem = z.infer<typeof drainItem>;
