/** Time for open connections to end. */
import { MAX_DRAIN_MS } from "../../../contract/models";

/** Milliseconds that `drain_timeout_ms` asks for: -1 is the longest there is, and none where it is absent. */
export const parseDrainTimeoutMs = (asked: number | undefined): number => (asked === -1 ? MAX_DRAIN_MS : (asked ?? 0));
