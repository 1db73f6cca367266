/** What a registry asks for when it returns 401. Pure. */
import { isLoopbackHost } from "../../../base/hostNames";
import { isAllowedUrl } from "../endpoint";
import { type RegistryRequest, malformedError } from "../errors";

/** One challenge of a `WWW-Authenticate` header. */
export interface Challenge {
  /** In lower case: `basic`, `bearer`. */
  readonly scheme: string;
  /** By name in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const PARAMETER = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~0-9A-Za-z:/-]+))/y;
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*/y;

/** Parses a `WWW-Authenticate` header with any number of challenges; ignores what is malformed. Source: RFC 9110, 11.2 and 11.6.1. */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  const matchAt = (pattern: RegExp, at: number): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(header);
  };
  let at = 0;
  while (at < header.length) {
    const current = challenges.at(-1);
    if (at > 0 && !/[\s,]/.test(header[at - 1] ?? "")) {
      at += 1; // nothing begins in the middle of a word, which keeps the time linear
      continue;
    }
    const parameter = current && matchAt(PARAMETER, at);
    if (current !== undefined && parameter) {
      const [text, name = "", quoted, plain = ""] = parameter;
      const key = name.toLowerCase();
      if (!current.parameters.has(key)) current.parameters.set(key, quoted?.replace(/\\(.)/g, "$1") ?? plain);
      at += text.length;
      continue;
    }
    const scheme = matchAt(TOKEN, at);
    if (scheme) {
      challenges.push({ scheme: scheme[0].toLowerCase(), parameters: new Map() });
      at += scheme[0].length;
      const opaque = /^[ \t]/.test(header.slice(at, at + 1)) ? matchAt(TOKEN68, at + 1) : null;
      if (opaque && /^[ \t]*(,|$)/.test(header.slice(at + 1 + opaque[0].length, at + 1 + opaque[0].length + 64))) {
        at += 1 + opaque[0].length; // `Negotiate abc==`
      }
      continue;
    }
    at += 1;
  }
  return challenges;
}

/** Hosts that a token server may have besides the registry's own. */
export interface TokenHostPolicy {
  /** Hosts, with port if any, that the user trusts with tokens and passwords of this registry. */
  readonly allowedTokenHosts: readonly string[];
  /** The registrable domain of a host name, such as `docker.io`; `undefined` for IP addresses and bare names. */
  readonly registrableDomain: (hostname: string) => string | undefined;
}

/** Domains of the vendor, which trust each other. */
const VENDOR_DOMAINS: readonly string[] = ["unikraft.io", "unikraft.cloud"];

/**
 * The URL of the token server that a challenge names. The registry's own host, hosts of the same registrable domain, and allowed
 * hosts may issue tokens: any other could collect passwords.
 *
 * Throws `API_SHAPE` when the URL is not HTTPS, or its host is not allowed.
 *
 * @param apiUrl base URL of the registry's API
 */
export function tokenServerUrl(
  request: RegistryRequest,
  apiUrl: URL,
  challenge: Challenge,
  { allowedTokenHosts, registrableDomain }: TokenHostPolicy,
): URL {
  const realm = URL.parse(challenge.parameters.get("realm") ?? "");
  if (realm === null) throw malformedError(request, "a challenge without the URL of a token server");
  if (!isAllowedUrl(realm, apiUrl)) throw malformedError(request, "a token URL that is not HTTPS");
  const domain = registrableDomain(realm.hostname);
  const ownDomain = registrableDomain(apiUrl.hostname);
  const isTrusted =
    realm.hostname === apiUrl.hostname ||
    (isLoopbackHost(realm.host) && isLoopbackHost(apiUrl.host)) ||
    (domain !== undefined && domain === ownDomain) ||
    [domain, ownDomain].every((name) => name !== undefined && VENDOR_DOMAINS.includes(name)) ||
    allowedTokenHosts.some((host) => host.toLowerCase() === realm.host || host.toLowerCase() === realm.hostname);
  if (isTrusted) return realm;
  throw malformedError(
    request,
    `a challenge that names a token server on another host, '${realm.host}', which is not in the list of allowed token hosts,`,
  );
}
