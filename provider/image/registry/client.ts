/**
 * Reads from an OCI registry: manifests into memory, blobs as streams. Digests are checked.
 *
 * Source: OCI distribution-spec 1.1.
 */
import type { Readable } from "node:stream";
import axios, { type AxiosInstance, type AxiosResponse } from "axios";
import * as z from "zod";
import { type Digest, digestOf, isDigest } from "../../base/digest";
import { isLoopbackHost } from "../../base/hostNames";
import { MEDIA_TYPE } from "../oci/descriptor";
import { parseToken, tokenUrl } from "./authentication";
import { type RegistryRequest, malformedError, statusError, unreachableError } from "./errors";

const HEADERS_TIMEOUT_MS = 10_000;
const BODY_IDLE_TIMEOUT_MS = 30_000;
const MAX_REDIRECTS = 5;
/** Larger manifests are rejected; registries must accept at least 4 MiB. Source: distribution-spec, "Pushing Manifests". */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

const MANIFEST_ACCEPT = [MEDIA_TYPE.index, MEDIA_TYPE.manifest, MEDIA_TYPE.dockerIndex, MEDIA_TYPE.dockerManifest].join(
  ", ",
);

/** The registry to read from. */
export interface RegistryClientOptions {
  /** Host with port if any: `index.unikraft.io`. Plain HTTP for loopback hosts, HTTPS for all others. */
  readonly registry: string;
  /** Aborts requests and transfers; `undefined` when nobody can cancel them. */
  readonly signal?: AbortSignal | undefined;
}

/** A manifest or index, byte for byte as the registry sent it. */
export interface FetchedManifest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Buffer;
}

/**
 * One registry, read anonymously. Every method throws `API_UNREACHABLE` (no response in time, or 429 and 5xx), `API_UNAUTHORIZED`,
 * `NOT_FOUND`, or `API_SHAPE` (not the response of a registry, or bytes that do not match their digest).
 */
export interface RegistryClient {
  /** Fetches by tag or digest. */
  fetchManifest(repository: string, tagOrDigest: string): Promise<FetchedManifest>;
  /** Streams a blob; the caller must check its digest. */
  fetchBlob(repository: string, digest: Digest): AsyncIterable<Uint8Array>;
}

/** A client of one registry; tokens are fetched on demand and reused. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { registry } = options;
  const session = new RegistrySession(options);
  return {
    fetchManifest: async (repository, tagOrDigest) => {
      const request = { registry, subject: `manifest '${repository}:${tagOrDigest}'` };
      const response = await session.get(request, repository, `manifests/${tagOrDigest}`, MANIFEST_ACCEPT);
      const bytes = await session.readBody(request, response);
      const digest = digestOf(bytes);
      if (isDigest(tagOrDigest) && tagOrDigest !== digest) throw malformedError(request, "another digest");
      return { mediaType: mediaTypeOf(response, bytes), digest, bytes };
    },
    fetchBlob: async function* (repository, digest) {
      const request = { registry, subject: `blob ${digest} of '${repository}'` };
      yield* session.streamBody(request, await session.get(request, repository, `blobs/${digest}`, "*/*"));
    },
  };
}

/** The document's own `mediaType`, else the registry's content type. */
function mediaTypeOf(response: AxiosResponse<Readable>, bytes: Buffer): string {
  const header =
    String(response.headers["content-type"] ?? "")
      .split(";")[0]
      ?.trim() ?? "";
  try {
    const own = z.object({ mediaType: z.string() }).safeParse(JSON.parse(bytes.toString("utf8")));
    return own.data?.mediaType ?? header;
  } catch {
    return header; // the parser of the document reports that it is not JSON
  }
}

class RegistrySession {
  readonly #signal: AbortSignal | undefined;
  readonly #http: AxiosInstance;
  /** Tokens by repository. */
  readonly #tokens = new Map<string, string>();

  constructor({ registry, signal }: RegistryClientOptions) {
    this.#signal = signal;
    this.#http = axios.create({
      baseURL: `${isLoopbackHost(registry) ? "http" : "https"}://${registry}/v2/`,
      timeout: HEADERS_TIMEOUT_MS,
      maxRedirects: MAX_REDIRECTS,
      responseType: "stream",
      validateStatus: () => true,
      ...(signal === undefined ? {} : { signal }),
      // Blobs are often served by another host. axios drops the token when the host changes; this blocks a downgrade to HTTP.
      beforeRedirect: (next, _response, previous) => {
        const from = previous === undefined ? undefined : String(previous["url"] ?? "");
        if (next["protocol"] === "http:" && from?.startsWith("https:")) throw new Error("a redirect leaves HTTPS");
      },
    });
  }

  /** Sends a GET below a repository; on a 401, fetches a token and retries once. */
  async get(
    request: RegistryRequest,
    repository: string,
    path: string,
    accept: string,
  ): Promise<AxiosResponse<Readable>> {
    const fetchOnce = () => this.#fetch(request, `${repository}/${path}`, accept, this.#tokens.get(repository));
    let response = await fetchOnce();
    if (response.status === 401) {
      response.data.destroy();
      const url = tokenUrl(request, repository, String(response.headers["www-authenticate"] ?? ""));
      this.#tokens.set(repository, await this.#fetchToken(request, url));
      response = await fetchOnce();
    }
    if (response.status === 200) return response;
    response.data.destroy();
    throw statusError(request, response.status);
  }

  async #fetchToken(request: RegistryRequest, url: URL): Promise<string> {
    const response = await this.#fetch(request, url.href, "application/json", undefined);
    const body = await this.readBody(request, response);
    if (response.status !== 200) throw statusError(request, response.status);
    return parseToken(request, body);
  }

  async #fetch(
    request: RegistryRequest,
    url: string,
    accept: string,
    token: string | undefined,
  ): Promise<AxiosResponse<Readable>> {
    const headers = { accept, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    try {
      return await this.#http.get<Readable>(url, { headers });
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw unreachableError(request, error);
    }
  }

  /** Reads a whole body of at most {@link MAX_MANIFEST_BYTES}. */
  async readBody(request: RegistryRequest, response: AxiosResponse<Readable>): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of this.streamBody(request, response)) {
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_MANIFEST_BYTES) throw malformedError(request, "a document larger than 4 MiB");
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  /** Reads a body in chunks; fails when none arrives for {@link BODY_IDLE_TIMEOUT_MS}. */
  async *streamBody(request: RegistryRequest, response: AxiosResponse<Readable>): AsyncGenerator<Uint8Array> {
    const stream = response.data;
    const onIdle = (): void => void stream.destroy(new Error("the transfer stalled"));
    let timer = setTimeout(onIdle, BODY_IDLE_TIMEOUT_MS);
    try {
      for await (const chunk of stream) {
        clearTimeout(timer);
        yield chunk as Uint8Array; // no encoding is set, so chunks are buffers
        timer = setTimeout(onIdle, BODY_IDLE_TIMEOUT_MS);
      }
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw unreachableError(request, error);
    } finally {
      clearTimeout(timer);
      stream.destroy();
    }
  }
}
