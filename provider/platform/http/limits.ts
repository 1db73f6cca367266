/** How much one request may bring. What exceeds a bound is refused in the API's own shape. */

/** Source: the cloud's own limit. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** What is read and thrown away of a body that was refused, so that the answer arrives and the connection lives on; then it is cut. */
export const MAX_DISCARDED_BYTES = 32 * 1024 * 1024;
/** Objects that one request may name or describe. */
export const MAX_OBJECTS = 1000;
/** Room for {@link MAX_OBJECTS} uuids in a query. */
export const MAX_TARGET_BYTES = 48 * 1024;
/** Request line and headers together. */
export const MAX_HEADER_BYTES = 64 * 1024;
/** Arrays and objects within each other in a body; what the API describes needs less than ten. */
export const MAX_JSON_DEPTH = 32;
