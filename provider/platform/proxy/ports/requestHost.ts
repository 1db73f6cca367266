/** Reads the host from the first bytes of an HTTP/1 connection. Pure. Source: RFC 9112, section 3.2. */
import * as net from "node:net";

/** What the first bytes of a connection are. */
export type RequestHost =
  /** More bytes are needed. */
  | { readonly kind: "incomplete" }
  /** `host` is a lower-case name or IP address without port and brackets; `undefined`: there is none, or no valid one. */
  | { readonly kind: "complete"; readonly host: string | undefined };

/** The longest head of a request that is read, in bytes. As Node's own limit. */
export const MAX_REQUEST_HEAD_BYTES = 16_384;

/** Reads what has arrived so far. */
export function parseRequestHost(bytes: Buffer): RequestHost {
  const text = bytes.toString("latin1");
  const firstLine = /^(?:\r?\n)*([^\r\n]*)\r?\n/.exec(text)?.[1];
  // Another protocol: whoever serves the connection refuses it.
  if (firstLine !== undefined && !/^\S+ \S+ HTTP\/1\.\d$/.test(firstLine)) return { kind: "complete", host: undefined };
  const head = /^[^]*?\r?\n\r?\n/.exec(text)?.[0];
  if (head === undefined) return { kind: "incomplete" };
  // A target in absolute form counts more than the header.
  const absolute = /^[^ \r\n]+ https?:\/\/([^/?# \r\n]*)/i.exec(head)?.[1];
  const headers = [...head.matchAll(/^host:[ \t]*([^\r\n]*?)[ \t]*\r?$/gim)].map((found) => found[1] ?? "");
  const host = absolute ?? (headers.length === 1 ? headers[0] : undefined);
  return { kind: "complete", host: host === undefined ? undefined : hostWithoutPort(host) };
}

/** The name or address in a `Host` header or an authority, in lower case; `undefined` if it is neither. */
export function hostWithoutPort(authority: string): string | undefined {
  const bracketed = /^\[([^\]]+)\](?::\d*)?$/.exec(authority)?.[1];
  if (bracketed !== undefined) return net.isIPv6(bracketed) ? bracketed.toLowerCase() : undefined;
  return /^([a-z0-9._-]+?)\.?(?::\d*)?$/i.exec(authority)?.[1]?.toLowerCase();
}
