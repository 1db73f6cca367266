/**
 * Reads from an OCI registry: manifests into memory, blobs as streams, everything checked against its digest.
 *
 * Source: OCI distribution-spec 1.1; token authentication: distribution/distribution `docs/spec/auth/token.md`.
 */
import type { Readable } from "node:stream";
import axios, { type AxiosInstance, type AxiosResponse, isAxiosError } from "axios";
import * as z from "zod";
import { type Digest, digestOf, isDigest } from "../../base/digest";
import { UnikernelError } from "../../base/errors";
import { MEDIA_TYPE } from "../oci/descriptor";

const HEADERS_TIMEOUT_MS = 10_000;
const BODY_IDLE_TIMEOUT_MS = 30_000;
const MAX_REDIRECTS = 5;
/** Manifests beyond this are refused; registries must take 4 MiB. Source: distribution-spec, "Pushing Manifests". */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

const MANIFEST_ACCEPT = [MEDIA_TYPE.index, MEDIA_TYPE.manifest, MEDIA_TYPE.dockerIndex, MEDIA_TYPE.dockerManifest].join(
  ", ",
);

/** User name and password, or a registry's own token as password. */
export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
}

/** Where and as whom. */
export interface RegistryClientOptions {
  /** Host with port if any: `index.unikraft.io`. Loopback hosts are asked by plain HTTP, all others by HTTPS. */
  readonly registry: string;
  /** `undefined` asks anonymously. */
  readonly auth?: RegistryAuth | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A manifest or index as the registry holds it. */
export interface FetchedManifest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Buffer;
}

/**
 * One registry. Every method throws `API_UNREACHABLE` (no answer in time, or 429 and 5xx), `API_UNAUTHORIZED`,
 * `NOT_FOUND`, or `API_SHAPE` (not what a registry answers, or bytes that do not match their digest).
 */
export interface RegistryClient {
  /** Fetches by tag or digest. */
  fetchManifest(repository: string, tagOrDigest: string): Promise<FetchedManifest>;
  /** Streams a blob; the caller checks it against its digest. */
  fetchBlob(repository: string, digest: Digest): AsyncIterable<Uint8Array>;
}

/** A client of one registry; tokens are fetched when asked for, and kept. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const session = new RegistrySession(options);
  return {
    fetchManifest: async (repository, tagOrDigest) => {
      const what = `manifest '${repository}:${tagOrDigest}'`;
      const response = await session.get(repository, `manifests/${tagOrDigest}`, MANIFEST_ACCEPT, what);
      const bytes = await session.readBody(response, what);
      const digest = digestOf(bytes);
      if (isDigest(tagOrDigest) && tagOrDigest !== digest) throw session.malformedError(what, "another digest");
      return { mediaType: mediaTypeOf(response, bytes), digest, bytes };
    },
    fetchBlob: async function* (repository, digest) {
      const what = `blob ${digest} of '${repository}'`;
      yield* session.streamBody(await session.get(repository, `blobs/${digest}`, "*/*", what), what);
    },
  };
}

/** The content type is the registry's word, `mediaType` the document's own; the latter wins when present. */
function mediaTypeOf(response: AxiosResponse<Readable>, bytes: Buffer): string {
  const header =
    String(response.headers["content-type"] ?? "")
      .split(";")[0]
      ?.trim() ?? "";
  try {
    const own = z.object({ mediaType: z.string() }).safeParse(JSON.parse(bytes.toString("utf8")));
    return own.data?.mediaType ?? header;
  } catch {
    return header; // what is no JSON is refused by whoever reads it
  }
}

class RegistrySession {
  readonly #options: RegistryClientOptions;
  readonly #http: AxiosInstance;
  readonly #authorization = new Map<string, string>();

  constructor(options: RegistryClientOptions) {
    this.#options = options;
    this.#http = axios.create({
      baseURL: `${isLoopbackHost(options.registry) ? "http" : "https"}://${options.registry}/v2/`,
      timeout: HEADERS_TIMEOUT_MS,
      maxRedirects: MAX_REDIRECTS,
      responseType: "stream",
      validateStatus: () => true,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      // Blobs are often served from elsewhere. The redirect loop drops credentials on a change of host; this keeps
      // it from leaving HTTPS.
      beforeRedirect: (next, _response, previous) => {
        const from = previous === undefined ? undefined : String(previous["url"] ?? "");
        if (next["protocol"] === "http:" && from?.startsWith("https:")) throw new Error("a redirect leaves HTTPS");
      },
    });
  }

  /** Asks, and once more with credentials when the registry wants some. */
  async get(repository: string, path: string, accept: string, what: string): Promise<AxiosResponse<Readable>> {
    let response = await this.#request(repository, path, accept, what);
    if (response.status === 401) {
      response.data.destroy();
      const authorization = await this.#authorize(repository, String(response.headers["www-authenticate"] ?? ""), what);
      this.#authorization.set(repository, authorization);
      response = await this.#request(repository, path, accept, what);
    }
    if (response.status === 200) return response;
    response.data.destroy();
    throw this.#statusError(response.status, what);
  }

  async #request(repository: string, path: string, accept: string, what: string): Promise<AxiosResponse<Readable>> {
    const authorization = this.#authorization.get(repository);
    const headers = { accept, ...(authorization === undefined ? {} : { authorization }) };
    try {
      return await this.#http.get<Readable>(`${repository}/${path}`, { headers });
    } catch (error) {
      throw this.#unreachableError(error, what);
    }
  }

  async #authorize(repository: string, challenge: string, what: string): Promise<string> {
    const { auth, registry } = this.#options;
    const basic = auth && `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`;
    if (/^basic\b/i.test(challenge) && basic !== undefined) return basic;
    const realm = challengeParameter(challenge, "realm");
    if (!/^bearer\b/i.test(challenge) || realm === undefined) throw this.#statusError(401, what);
    const url = URL.canParse(realm) ? new URL(realm) : undefined;
    if (url === undefined || (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopbackHost(registry)))) {
      throw this.malformedError(what, "a token address that is not HTTPS");
    }
    const service = challengeParameter(challenge, "service");
    if (service !== undefined) url.searchParams.set("service", service);
    url.searchParams.set("scope", challengeParameter(challenge, "scope") ?? `repository:${repository}:pull`);
    return `Bearer ${await this.#token(url, basic, what)}`;
  }

  async #token(url: URL, basic: string | undefined, what: string): Promise<string> {
    let response: AxiosResponse<Readable>;
    try {
      response = await this.#http.get(url.href, { headers: basic === undefined ? {} : { authorization: basic } });
    } catch (error) {
      throw this.#unreachableError(error, what);
    }
    const body = await this.readBody(response, what);
    if (response.status !== 200) throw this.#statusError(response.status, what);
    const reply = z.object({ token: z.string().optional(), access_token: z.string().optional() });
    const parsed = reply.safeParse(parseJson(body));
    const token = parsed.data?.token ?? parsed.data?.access_token;
    if (token === undefined) throw this.malformedError(what, "no token");
    return token;
  }

  /** A small body, whole. */
  async readBody(response: AxiosResponse<Readable>, what: string): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of this.streamBody(response, what)) {
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_MANIFEST_BYTES) throw this.malformedError(what, "a document of more than 4 MiB");
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  /** A body in pieces, given up when none comes for a while. */
  async *streamBody(response: AxiosResponse<Readable>, what: string): AsyncGenerator<Uint8Array> {
    const stream = response.data;
    const stalled = (): void => void stream.destroy(new Error("the transfer stalled"));
    let timer = setTimeout(stalled, BODY_IDLE_TIMEOUT_MS);
    try {
      for await (const chunk of stream) {
        clearTimeout(timer);
        yield chunk as Uint8Array; // no encoding is set, so chunks are buffers
        timer = setTimeout(stalled, BODY_IDLE_TIMEOUT_MS);
      }
    } catch (error) {
      throw this.#unreachableError(error, what);
    } finally {
      clearTimeout(timer);
      stream.destroy();
    }
  }

  malformedError(what: string, found: string): UnikernelError {
    return new UnikernelError(
      "API_SHAPE",
      `The registry '${this.#options.registry}' answered with ${found} for ${what}.`,
      {
        hint: "Check that the host is an OCI registry.",
      },
    );
  }

  #statusError(status: number, what: string): UnikernelError {
    const { registry, auth } = this.#options;
    const said = `The registry '${registry}' answered ${status} for ${what}.`;
    if (status === 401 || status === 403) {
      const hint = auth === undefined ? "Check the name; a private image needs credentials." : "Check the credentials.";
      return new UnikernelError("API_UNAUTHORIZED", said, { hint });
    }
    if (status === 404) return new UnikernelError("NOT_FOUND", said, { hint: "Check the name and the tag." });
    if (status === 429 || status >= 500)
      return new UnikernelError("API_UNREACHABLE", said, { hint: "Try again later." });
    return this.malformedError(what, `status ${status}`);
  }

  /** Only the error's code is shown: axios errors hold the request with its credentials. */
  #unreachableError(error: unknown, what: string): unknown {
    if (this.#options.signal?.aborted === true) return this.#options.signal.reason;
    if (UnikernelError.is(error)) return error;
    const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
    const reason = code ?? (error instanceof Error && !isAxiosError(error) ? error.message : "no answer");
    return new UnikernelError(
      "API_UNREACHABLE",
      `The registry '${this.#options.registry}' could not be asked for ${what} (${reason}).`,
      {
        hint: "Check the network and the registry's host.",
      },
    );
  }
}

/** `realm="…"` of a WWW-Authenticate header. Source: RFC 9110, 11.2. */
const challengeParameter = (challenge: string, name: string): string | undefined =>
  new RegExp(`[ ,]${name}="([^"]*)"`, "i").exec(challenge)?.[1];

const parseJson = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
};

/** True for hosts of this machine, which are asked by plain HTTP, as Docker does. */
const isLoopbackHost = (registry: string): boolean =>
  /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?$/.test(registry);
