/**
 * The `Authorization` header of requests to one registry: HTTP basic authentication, or a bearer token from the token server that the
 * registry names.
 *
 * Sources: distribution/distribution `docs/spec/auth/token.md` and `oauth.md`.
 */
import * as z from "zod";
import { type Challenge, parseChallenges, tokenServerUrl } from "./challenge";
import type { CredentialSource, RegistryCredentials } from "./credentials";
import { apiUrl } from "../endpoint";
import { type RegistryRequest, malformedError, statusError } from "../errors";
import type { HttpCall, HttpResponse } from "../http";

const MAX_TOKEN_RESPONSE_BYTES = 256 * 1024;
/** Lifetime of a token whose response names none. Source: token.md, `expires_in`. */
const DEFAULT_LIFETIME_S = 60;
/** A token is replaced this long before it expires, so that it outlives the request. */
const EXPIRY_MARGIN_MS = 10_000;
const CLIENT_ID = "pulumi-unikernel";

/** Sends a request with retries. */
export type SendCall = (request: RegistryRequest, call: HttpCall) => Promise<HttpResponse>;

/** Settings of {@link Authorizer}. */
export interface AuthorizerOptions {
  readonly registry: string;
  readonly credentials: CredentialSource;
  /** Hosts, with port if any, that may issue tokens although they belong to another domain than the registry. */
  readonly allowedTokenHosts: readonly string[];
  readonly send: SendCall;
  readonly fail: (request: RegistryRequest, response: HttpResponse, wasAuthenticated: boolean) => Promise<Error>;
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** How requests are authorized for now. */
export interface Authorization {
  /** Value of the header. Secret. */
  readonly header: string;
  /** Milliseconds since 1970; `undefined` for a header that does not expire. */
  readonly expiresAt?: number;
  readonly challenge: Challenge;
  /** Whether it stands for a user. */
  readonly wasAuthenticated: boolean;
}

/** A request that a registry has rejected with 401. */
export interface Rejection {
  readonly response: HttpResponse;
  /** `undefined` if it carried no header. */
  readonly sent: Authorization | undefined;
  /** Whether a new header has been tried already. */
  readonly isFinal: boolean;
}

/** What a request wants to do: `repository:<name>:pull,push`. */
export type Scope = `repository:${string}:${string}`;

/** Finds out how a registry wants to be authorized, and keeps the result per set of scopes. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  /** By scopes, joined with spaces. */
  readonly #known = new Map<string, Promise<Authorization>>();
  readonly #secrets = new Set<string>();

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** Everything that must not appear in a message. */
  get secrets(): readonly string[] {
    return [...this.#secrets];
  }

  /** The header for these scopes; `undefined` until the registry has asked for one. */
  async current(
    request: RegistryRequest,
    repository: string,
    scopes: readonly Scope[],
  ): Promise<Authorization | undefined> {
    const key = scopes.join(" ");
    const known = await this.#known.get(key);
    if (known?.expiresAt === undefined || known.expiresAt > this.#options.now()) return known;
    return this.#renew(key, this.#authorize(request, repository, scopes, known.challenge));
  }

  /**
   * Obtains a header after a 401. Throws `API_UNAUTHORIZED` when the answer `isFinal`, or the registry asks for what there is none of.
   *
   * @param sent the header of the request; another request may have renewed it in the meantime
   */
  async answer(
    request: RegistryRequest,
    repository: string,
    scopes: readonly Scope[],
    { response, sent, isFinal }: Rejection,
  ): Promise<Authorization> {
    const challenges = parseChallenges(response.header("www-authenticate") ?? "");
    const challenge =
      challenges.find(({ scheme }) => scheme === "bearer") ?? challenges.find(({ scheme }) => scheme === "basic");
    if (challenge === undefined || isFinal) {
      throw await this.#options.fail(request, response, sent?.wasAuthenticated ?? false);
    }
    const key = scopes.join(" ");
    const pending = this.#known.get(key);
    if (pending !== undefined) {
      const known = await pending.catch(() => undefined);
      if (known !== undefined && known !== sent) {
        response.discard();
        return known;
      }
    }
    return this.#renew(key, this.#authorize(request, repository, scopes, challenge, response));
  }

  #renew(key: string, pending: Promise<Authorization>): Promise<Authorization> {
    this.#known.set(key, pending);
    pending.catch(() => this.#known.delete(key));
    return pending;
  }

  async #authorize(
    request: RegistryRequest,
    repository: string,
    scopes: readonly Scope[],
    challenge: Challenge,
    response?: HttpResponse,
  ): Promise<Authorization> {
    const { registry, credentials: source, signal } = this.#options;
    const credentials = await source({ registry, repository }, signal);
    this.#remember(credentials);
    if (credentials?.type === "registryToken") {
      response?.discard();
      return { header: `Bearer ${credentials.token}`, challenge, wasAuthenticated: true };
    }
    if (challenge.scheme === "bearer") {
      response?.discard();
      return this.#fetchToken(request, scopes, challenge, credentials);
    }
    if (credentials?.type !== "password") {
      throw response === undefined
        ? statusError(request, { status: 401, reason: "", wasAuthenticated: false })
        : await this.#options.fail(request, response, false);
    }
    response?.discard();
    return { header: basicHeader(credentials), challenge, wasAuthenticated: true };
  }

  #remember(credentials: RegistryCredentials | undefined): void {
    if (credentials?.type === "password")
      this.#secrets.add(credentials.password).add(basicHeader(credentials).slice(6));
    else if (credentials !== undefined) this.#secrets.add(credentials.token);
  }

  async #fetchToken(
    request: RegistryRequest,
    scopes: readonly Scope[],
    challenge: Challenge,
    credentials: Exclude<RegistryCredentials, { type: "registryToken" }> | undefined,
  ): Promise<Authorization> {
    const { registry, allowedTokenHosts, send, fail, now } = this.#options;
    const api = new URL(apiUrl(registry));
    const { getDomain } = await import("tldts"); // its list of suffixes is large, and most programs never need it
    const registrableDomain = (host: string) => getDomain(host, { allowPrivateDomains: true }) ?? undefined;
    const url = tokenServerUrl(request, api, challenge, { allowedTokenHosts, registrableDomain });
    const tokenRequest = { registry: url.host, subject: `a token for ${request.subject}` };
    const wanted = mergeScopes(scopes, challenge.parameters.get("scope"));
    const response = await send(tokenRequest, tokenCall(url, challenge.parameters.get("service"), wanted, credentials));
    const wasAuthenticated = credentials !== undefined;
    if (response.status !== 200) throw await fail(tokenRequest, response, wasAuthenticated);
    const { token, lifetimeS } = await readToken(tokenRequest, response);
    this.#secrets.add(token);
    const expiresAt = now() + Math.max(lifetimeS * 500, lifetimeS * 1000 - EXPIRY_MARGIN_MS);
    return { header: `Bearer ${token}`, expiresAt, challenge, wasAuthenticated };
  }
}

const basicHeader = ({ username, password }: { readonly username: string; readonly password: string }): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

/** The scopes of this client, and what else the registry asks for. */
const mergeScopes = (scopes: readonly Scope[], asked: string | undefined): readonly string[] => {
  const covers = (one: string): boolean => {
    const [type, name, actions = ""] = splitScope(one);
    return scopes.some((own) => {
      const [ownType, ownName, ownActions = ""] = splitScope(own);
      const has = new Set(ownActions.split(","));
      return ownType === type && ownName === name && actions.split(",").every((action) => has.has(action));
    });
  };
  return [...scopes, ...(asked ?? "").split(" ").filter((one) => one !== "" && !covers(one))];
};

/** The name may contain a colon, before a port. */
const splitScope = (scope: string): string[] => {
  const first = scope.indexOf(":");
  const last = scope.lastIndexOf(":");
  return [scope.slice(0, first), scope.slice(first + 1, last), scope.slice(last + 1)];
};

function tokenCall(
  url: URL,
  service: string | undefined,
  scopes: readonly string[],
  credentials: Exclude<RegistryCredentials, { type: "registryToken" }> | undefined,
): HttpCall {
  if (credentials?.type === "identityToken") {
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      client_id: CLIENT_ID,
      refresh_token: credentials.token,
      scope: scopes.join(" "),
      ...(service === undefined ? {} : { service }),
    });
    const bytes = Buffer.from(form.toString());
    return {
      method: "POST",
      url,
      headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" },
      body: { sizeBytes: bytes.length, chunks: () => [bytes] },
    };
  }
  const full = new URL(url);
  if (service !== undefined) full.searchParams.set("service", service);
  for (const scope of scopes) full.searchParams.append("scope", scope);
  if (credentials !== undefined) full.searchParams.set("client_id", CLIENT_ID);
  return {
    method: "GET",
    url: full,
    headers: { Accept: "application/json" },
    ...(credentials === undefined ? {} : { authorization: basicHeader(credentials) }),
  };
}

const tokenResponse = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

/** A token is sent in a header, so that only visible characters may occur. Throws `API_SHAPE` when there is none. */
async function readToken(
  request: RegistryRequest,
  response: HttpResponse,
): Promise<{ readonly token: string; readonly lifetimeS: number }> {
  const { bytes, isComplete } = await response.read(MAX_TOKEN_RESPONSE_BYTES);
  if (!isComplete) throw malformedError(request, "a response larger than 256 KiB", response);
  const parsed = tokenResponse.safeParse(parseJson(bytes));
  const token = parsed.data?.token || parsed.data?.access_token;
  if (!token || !/^[\x21-\x7e]+$/.test(token)) throw malformedError(request, "no token", response);
  const lifetimeS = parsed.data?.expires_in ?? DEFAULT_LIFETIME_S;
  return { token, lifetimeS: lifetimeS > 0 ? lifetimeS : DEFAULT_LIFETIME_S };
}

const parseJson = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
};
