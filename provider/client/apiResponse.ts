/** The result of an API call. */
import type { ItemOf, RouteName } from "../contract/routes";

/** The parsed response to a call of route `K`. Failed items are included. */
export interface ApiResponse<K extends RouteName> {
  readonly items: readonly ItemOf<K>[];
  /** Envelope message, such as `Operation timed out`. */
  readonly message: string | undefined;
  /** Metro that the request was sent to: `local`, a code, or a URL. */
  readonly metro: string;
  /** Identifies the request in the metro's logs; `undefined` if the response has none. */
  readonly requestId: string | undefined;
}
