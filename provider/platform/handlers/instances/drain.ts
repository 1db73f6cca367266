/** The drain timeout of a request. */
import { MAX_DRAIN_MS } from "../../../contract/models";

/** The drain timeout in milliseconds: -1 means {@link MAX_DRAIN_MS}, `undefined` means 0. */
export const parseDrainTimeoutMs = (asked: number | undefined): number => (asked === -1 ? MAX_DRAIN_MS : (asked ?? 0));
