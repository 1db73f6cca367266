/**
 * Anonymous tokens: a registry returns 401 and names a token server, which issues a token for one repository.
 *
 * Source: distribution/distribution `docs/spec/auth/token.md`.
 */
import * as z from "zod";
import { isLoopbackHost } from "../../base/hostNames";
import { type RegistryRequest, malformedError, statusError } from "./errors";

/** `realm="…"` of a WWW-Authenticate header. Source: RFC 9110, 11.2. */
const challengeParameter = (challenge: string, name: string): string | undefined =>
  new RegExp(`[ ,]${name}="([^"]*)"`, "i").exec(challenge)?.[1];

/**
 * The URL from which to fetch the token that a challenge requires.
 *
 * Throws `API_UNAUTHORIZED` when the challenge names no token server, `API_SHAPE` when its URL is not HTTPS.
 */
export function tokenUrl(request: RegistryRequest, repository: string, challenge: string): URL {
  const realm = challengeParameter(challenge, "realm");
  if (!/^bearer\b/i.test(challenge) || realm === undefined) throw statusError(request, 401);
  const url = URL.parse(realm);
  const isAllowed = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopbackHost(request.registry));
  if (url === null || !isAllowed) throw malformedError(request, "a token URL that is not HTTPS");
  const service = challengeParameter(challenge, "service");
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.set("scope", challengeParameter(challenge, "scope") ?? `repository:${repository}:pull`);
  return url;
}

const tokenResponse = z.object({ token: z.string().optional(), access_token: z.string().optional() });

/** The token in a token server's response. Throws `API_SHAPE` when there is none. */
export function parseToken(request: RegistryRequest, body: Buffer): string {
  const parsed = tokenResponse.safeParse(parseJson(body));
  const token = parsed.data?.token ?? parsed.data?.access_token;
  if (token === undefined) throw malformedError(request, "no token");
  return token;
}

const parseJson = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
};
