/** What an instance is sent of a client's HTTP request before the body. Pure. Sources: RFC 9110, RFC 9112. */
import { type Fields, contentFields, everyOf, firstOf } from "./fields";

/** A request as a client sent it. */
export interface ReceivedHead {
  /** As Node reports it, such as `1.1`. */
  readonly httpVersion: string;
  readonly method: string;
  /** In the form in which the client sent it. */
  readonly target: string;
  /** Names and values in turn; without the pseudo-header fields of HTTP/2. */
  readonly fields: Fields;
  /** The host that an HTTP/2 request names; it takes the place of the field `Host`. */
  readonly authority: string | undefined;
  /** False if an HTTP/2 request has no body; HTTP/1 says so in its fields. */
  readonly mayHaveBody: boolean;
  readonly clientAddress: string;
  /** True if the connection was encrypted. */
  readonly isSecure: boolean;
}

/** The request for the instance. */
export interface ForwardedHead {
  readonly method: string;
  readonly path: string;
  /** Whom the client asked, with the port if it named one; `undefined` only in HTTP/1.0. */
  readonly host: string | undefined;
  /** Names and values in turn. */
  readonly fields: string[];
  readonly hasBody: boolean;
  /** True if the request may be sent again after an instance may have received it, because that has the same effect. */
  readonly isRepeatable: boolean;
}

/** A request that no instance gets. */
export interface BadRequest {
  readonly status: 400 | 431;
  readonly problem: string;
}

/** Most header fields of a request. haproxy allows 101, Node's HTTP/2 128. */
export const MAX_FIELDS = 128;
/** Methods that have the same effect when they are repeated. Source: RFC 9110, section 9.2.2. */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);
/** A target that names its host. Source: RFC 9112, section 3.2.2. */
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]+)(.*)$/i;

const bad = (problem: string): BadRequest => ({ status: 400, problem });

/**
 * The head for the instance, or why the request is refused. Node's parser has refused most malformed requests before.
 *
 * @param isUpgrade true if the instance may switch to the protocol that the request asks for
 */
export function forwardedHead(received: ReceivedHead, isUpgrade = false): ForwardedHead | BadRequest {
  const { method, fields, httpVersion } = received;
  if (fields.length > 2 * MAX_FIELDS) return { status: 431, problem: `more than ${MAX_FIELDS} header fields` };
  const coding = everyOf(fields, "transfer-encoding");
  if (coding.length > 0 && (httpVersion !== "1.1" || coding.join().trim().toLowerCase() !== "chunked"))
    return bad("a Transfer-Encoding other than 'chunked'");
  const lengths = everyOf(fields, "content-length");
  if (lengths.length > 1 || !lengths.every((length) => /^\d+$/.test(length))) return bad("an invalid Content-Length");
  if (lengths.length > 0 && coding.length > 0) return bad("both Content-Length and Transfer-Encoding");
  const hosts = everyOf(fields, "host");
  if (hosts.length > 1) return bad("more than one Host");
  const absolute = ABSOLUTE_FORM.exec(received.target);
  const target = absolute === null ? received.target : (absolute[2] ?? "").replace(/^(?!\/)/, "/");
  if (!target.startsWith("/") && !(target === "*" && method === "OPTIONS")) return bad("an invalid target");
  const host = absolute?.[1] ?? received.authority ?? hosts[0];
  const length = lengths[0];
  const hasBody =
    received.mayHaveBody && (coding.length > 0 || length !== undefined ? length !== "0" : isHttp2(received));
  return {
    method,
    path: target,
    host,
    fields: [
      ...(host === undefined ? [] : ["Host", host]),
      ...contentFields(fields, REWRITTEN),
      ...cookieField(fields),
      ...forwardedFields(received, host),
      ...bodyFields(length, hasBody),
      ...expectField(received),
      ...(isUpgrade ? upgradeFields(fields) : trailersField(fields)),
    ],
    hasBody,
    isRepeatable: !hasBody && !isUpgrade && IDEMPOTENT.has(method),
  };
}

const isHttp2 = ({ httpVersion }: ReceivedHead): boolean => httpVersion.startsWith("2");

/** Fields that the instance gets in another form, after the others. */
const REWRITTEN: ReadonlySet<string> = new Set([
  ...["host", "content-length", "expect", "cookie"],
  ...["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"],
]);

/** Who asked, and for what, as the instance cannot see it. The client's own X-Forwarded-For stays in front, as with other proxies. */
function forwardedFields({ fields, clientAddress, isSecure }: ReceivedHead, host: string | undefined): string[] {
  return [
    ...["X-Forwarded-For", [...everyOf(fields, "x-forwarded-for"), clientAddress].join(", ")],
    ...["X-Forwarded-Proto", isSecure ? "https" : "http"],
    ...(host === undefined ? [] : ["X-Forwarded-Host", host]),
  ];
}

/** The one way in which the instance learns where the body ends, so that it cannot understand it differently. */
function bodyFields(length: string | undefined, hasBody: boolean): string[] {
  if (length !== undefined) return ["Content-Length", length];
  return hasBody ? ["Transfer-Encoding", "chunked"] : [];
}

/** HTTP/2 clients may split it. Source: RFC 9113, section 8.2.3. */
function cookieField(fields: Fields): string[] {
  const cookies = everyOf(fields, "cookie");
  return cookies.length === 0 ? [] : ["Cookie", cookies.join("; ")];
}

function expectField({ fields, httpVersion }: ReceivedHead): string[] {
  const expectation = firstOf(fields, "expect");
  return expectation === undefined || httpVersion === "1.0" ? [] : ["Expect", expectation];
}

const upgradeFields = (fields: Fields): string[] => [
  "Connection",
  "Upgrade",
  "Upgrade",
  everyOf(fields, "upgrade").join(", "),
];

/** Passed on because it concerns trailer fields, which pass through. Source: RFC 9110, section 10.1.4. */
const trailersField = (fields: Fields): string[] =>
  everyOf(fields, "te").some((value) => /\btrailers\b/i.test(value))
    ? ["Connection", "keep-alive, TE", "TE", "trailers"]
    : [];
