/** How instances of the local platform reach its machine. */

/** Annotation of an instance that may connect to this host, under the name `host.internal`. Its value is `true`. */
export const HOST_ACCESS_ANNOTATION = "unikernel.local/host-access";
/** An instance that may reach the host finds it under this name of the private zone, in lower case. */
export const HOST_NAME = "host";
