/** What a call comes back with. */
import type { ItemOf, RouteName } from "../contract/routes";

/** An answer. */
export interface ApiResponse<K extends RouteName> {
  readonly items: readonly ItemOf<K>[];
  /** Envelope message, such as `Operation timed out`. */
  readonly message: string | undefined;
  readonly metro: string;
  /** By which the metro's people find the request; `undefined` when the answer has none. */
  readonly requestId: string | undefined;
}
