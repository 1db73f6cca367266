/** Limits of one request. A request that exceeds one gets an error response of the API. */

/** Largest body. Source: the cloud's limit. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;
/**
 * How much of a rejected body is read and discarded, so that the client gets the response; beyond it the connection is
 * closed.
 */
export const MAX_DISCARDED_BYTES = 32 * 1024 * 1024;
/** Most objects that one request may name or describe. */
export const MAX_OBJECTS = 1000;
/** Longest path and query: room for {@link MAX_OBJECTS} uuids. */
export const MAX_TARGET_BYTES = 48 * 1024;
/** Largest request line and headers together. */
export const MAX_HEADER_BYTES = 64 * 1024;
/** Most values in a body, those of arrays and objects included: a request of {@link MAX_OBJECTS} objects has far fewer. */
export const MAX_JSON_VALUES = 65_536;
/** Deepest nesting of arrays and objects in a body; the API needs less than ten. */
export const MAX_JSON_DEPTH = 32;
