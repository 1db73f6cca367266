/** Answers DNS queries for names of the private network. Pure. Source: RFC 1035, section 4. */
import type { Ipv4 } from "../../base/ipv4";

/** UDP port of name servers. */
export const DNS_PORT = 53;
/** Names in this zone are instances; all others are the internet's. */
const ZONE = "internal";

const HEADER_BYTES = 12;
const MAX_LABEL_BYTES = 63;
const TYPE_A = 1;
const TYPE_ANY = 255;
const CLASS_IN = 1;
/** Seconds that a guest may remember an answer. Short, because a name may belong to another instance soon. */
const TTL_SECONDS = 5;
/** Bits of the header: a response, authoritative, recursion available. */
const RESPONSE = 0x8480;
const RECURSION_DESIRED = 0x0100;
/** Response code: no such name. */
const NAME_ERROR = 3;

/** The only question of a query. */
interface Question {
  /** Lower case, without a dot at the end. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Offset of its end in the message. */
  readonly end: number;
}

/**
 * The answer to a query for a name of the private network; `undefined` for any other message, which is for the internet's name servers.
 *
 * @param query a UDP datagram to port 53
 * @param resolve the address of an instance by its lower-case name; `undefined` if there is none
 */
export function answerQuery(query: Buffer, resolve: (name: string) => Ipv4 | undefined): Buffer | undefined {
  const question = readQuestion(query);
  if (question === undefined) return undefined;
  const labels = question.name.split(".");
  if (labels.at(-1) !== ZONE) return undefined;
  const [label = ""] = labels;
  const address = labels.length === 2 ? resolve(label) : undefined;
  const isForAddress = question.class === CLASS_IN && (question.type === TYPE_A || question.type === TYPE_ANY);
  const records = address !== undefined && isForAddress ? [addressRecord(address)] : [];
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2); // its id
  const responseCode = address === undefined ? NAME_ERROR : 0;
  header.writeUInt16BE(RESPONSE | (query.readUInt16BE(2) & RECURSION_DESIRED) | responseCode, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, query.subarray(HEADER_BYTES, question.end), ...records]);
}

/** `undefined` unless it is a plain query (opcode 0) with one question. */
function readQuestion(message: Buffer): Question | undefined {
  if (message.length < HEADER_BYTES || (message.readUInt16BE(2) & 0xf800) !== 0 || message.readUInt16BE(4) !== 1)
    return undefined;
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > MAX_LABEL_BYTES) return undefined; // a pointer would have nothing to point at
    if (length === 0) break;
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  if (at + 5 > message.length) return undefined;
  const name = labels.join(".").toLowerCase();
  return { name, type: message.readUInt16BE(at + 1), class: message.readUInt16BE(at + 3), end: at + 5 };
}

/** The name is a pointer to that of the question. */
function addressRecord(address: Ipv4): Buffer {
  const record = Buffer.alloc(16);
  record.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  record.writeUInt16BE(TYPE_A, 2);
  record.writeUInt16BE(CLASS_IN, 4);
  record.writeUInt32BE(TTL_SECONDS, 6);
  record.writeUInt16BE(4, 10);
  record.writeUInt32BE(address, 12);
  return record;
}
