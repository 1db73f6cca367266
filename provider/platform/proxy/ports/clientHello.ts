/** Reads the server name from the first bytes of a TLS connection. Pure. Source: RFC 8446, sections 4.1.2 and 5.1; RFC 6066, section 3. */

/** What the first bytes of a connection are. */
export type ClientHello =
  /** More bytes are needed. */
  | { readonly kind: "incomplete" }
  /** Not a TLS handshake. */
  | { readonly kind: "invalid" }
  /** `serverName` is in lower case; `undefined`: the client sent none, as for an IP address. */
  | { readonly kind: "complete"; readonly serverName: string | undefined };

/** The longest ClientHello that is read, in bytes. Those of browsers, with post-quantum key shares, have about 2 KiB. */
export const MAX_CLIENT_HELLO_BYTES = 16_384;

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME_EXTENSION = 0;
const HOST_NAME = 0;
const RECORD_HEADER_BYTES = 5;
const MESSAGE_HEADER_BYTES = 4;
/** Protocol version and random. */
const FIXED_FIELDS_BYTES = 34;

/** Reads what has arrived so far. */
export function parseClientHello(bytes: Buffer): ClientHello {
  const message = joinRecords(bytes);
  if (message === "invalid") return { kind: "invalid" };
  if (message.length < MESSAGE_HEADER_BYTES) return { kind: "incomplete" };
  const length = message.readUIntBE(1, 3);
  if (message[0] !== CLIENT_HELLO || length > MAX_CLIENT_HELLO_BYTES) return { kind: "invalid" };
  const body = message.subarray(MESSAGE_HEADER_BYTES, MESSAGE_HEADER_BYTES + length);
  if (body.length < length) return { kind: "incomplete" };
  try {
    return { kind: "complete", serverName: serverNameOf(body) };
  } catch (error) {
    if (error instanceof RangeError) return { kind: "invalid" }; // a length points past the end
    throw error;
  }
}

/** The payload of the handshake records; the last one may be incomplete. */
function joinRecords(bytes: Buffer): Buffer | "invalid" {
  const payloads: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== HANDSHAKE_RECORD || (at + 1 < bytes.length && bytes[at + 1] !== 3)) return "invalid";
    if (at + RECORD_HEADER_BYTES > bytes.length) break;
    const end = at + RECORD_HEADER_BYTES + bytes.readUInt16BE(at + 3);
    payloads.push(bytes.subarray(at + RECORD_HEADER_BYTES, end));
    at = end;
  }
  return Buffer.concat(payloads);
}

function serverNameOf(hello: Buffer): string | undefined {
  let at = FIXED_FIELDS_BYTES;
  at += 1 + hello.readUInt8(at); // session ID
  at += 2 + hello.readUInt16BE(at); // cipher suites
  at += 1 + hello.readUInt8(at); // compression methods
  if (at >= hello.length) return undefined; // no extensions
  for (at += 2; at < hello.length;) {
    const length = hello.readUInt16BE(at + 2);
    if (hello.readUInt16BE(at) === SERVER_NAME_EXTENSION) return hostNameIn(hello.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return undefined;
}

/** The name in a list of names: a length of the list, then kind, length and text of each. */
function hostNameIn(list: Buffer): string | undefined {
  if (list.readUInt8(2) !== HOST_NAME) return undefined;
  const length = list.readUInt16BE(3);
  if (5 + length > list.length) throw new RangeError("The server name is cut off");
  return list.toString("latin1", 5, 5 + length).toLowerCase();
}
