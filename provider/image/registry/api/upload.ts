/**
 * Uploads a blob. A small one in one request; a larger one in parts, and after a lost connection from where the registry says it is.
 *
 * Source: OCI distribution-spec 1.1, "Pushing Blobs".
 */
import type { Digest } from "../../../base/digest";
import { UnikernelError } from "../../../base/errors";
import { type RegistryRequest, malformedError } from "../errors";
import { type HttpResponse, resolveLocation } from "../http";
import type { RegistrySession } from "../session";
import type { Scope } from "../auth/tokens";

/** A blob up to this size is sent with the request that completes the upload. */
const MONOLITHIC_BYTES = 4 * 1024 * 1024;
/** Size of a part, unless the registry asks for larger ones. A part is what a lost connection costs at most. */
const PART_BYTES = 64 * 1024 * 1024;
/** How often an upload is begun again after the registry has lost it. */
const MAX_RESTARTS = 4;
/** A registry on object storage may copy the blob before it responds. */
const COMPLETION_TIMEOUT_MS = 5 * 60_000;

/** Bytes to upload, which can be read from any position. */
export interface UploadSource {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** The bytes from `start` to before `end`. */
  read(start: number, end: number): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** One upload. */
export interface Upload {
  readonly repository: string;
  readonly scopes: readonly Scope[];
  readonly source: UploadSource;
  readonly mountFrom?: string | undefined;
  readonly onProgress?: ((sentBytes: number) => void) | undefined;
}

/** Uploads a blob; see `RegistryClient.uploadBlob`. */
export async function uploadBlob(session: RegistrySession, upload: Upload): Promise<"mounted" | "uploaded"> {
  const { repository, source } = upload;
  const request = { registry: session.registry, subject: `blob ${source.digest} of '${repository}'` };
  for (let attempt = 1; ; attempt++) {
    const location = await begin(session, request, upload, attempt === 1 ? upload.mountFrom : undefined);
    if (location === "mounted") return location;
    try {
      const end = source.sizeBytes <= MONOLITHIC_BYTES ? location : await sendParts(session, request, upload, location);
      await complete(session, request, upload, end);
      return "uploaded";
    } catch (error) {
      if (!isLost(error)) throw error;
      if (await isPresent(session, request, upload)) return "uploaded"; // only the response was lost
      if (attempt > MAX_RESTARTS || !(await session.backOff(attempt))) throw error;
    }
  }
}

/** The next request of an upload. */
interface Position {
  readonly url: URL;
  /** `OCI-Chunk-Min-Length` of the registry; 0 if it names none. */
  readonly minPartBytes: number;
  readonly offset: number;
}

/** The upload cannot go on, but a new one may succeed. `NOT_FOUND` and `API_REJECTED`: the registry has dropped it. */
const isLost = (error: unknown): boolean =>
  UnikernelError.has(error, "API_UNREACHABLE") ||
  (UnikernelError.has(error, "NOT_FOUND", "API_REJECTED") && [404, 408, 416].includes(Number(error.details["status"])));

async function begin(
  session: RegistrySession,
  request: RegistryRequest,
  { repository, scopes, source }: Upload,
  mountFrom: string | undefined,
): Promise<Position | "mounted"> {
  const query =
    mountFrom === undefined ? "" : `?${new URLSearchParams({ mount: source.digest, from: mountFrom }).toString()}`;
  const response = await session.send(request, {
    method: "POST",
    path: `${repository}/blobs/uploads/${query}`,
    body: { sizeBytes: 0, chunks: () => [] },
    repository,
    scopes,
    expect: [201, 202],
  });
  response.discard();
  if (response.status === 201) {
    if (mountFrom === undefined) throw malformedError(request, "HTTP 201 for an upload that has not begun", response);
    return "mounted";
  }
  const minPartBytes = Number(response.header("oci-chunk-min-length") ?? 0);
  const url = nextUrl(request, response);
  if (url === undefined) throw malformedError(request, "no Location header", response);
  return { url, minPartBytes: Number.isSafeInteger(minPartBytes) ? minPartBytes : 0, offset: 0 };
}

async function sendParts(
  session: RegistrySession,
  request: RegistryRequest,
  upload: Upload,
  begun: Position,
): Promise<Position> {
  const { source, onProgress } = upload;
  let position = begun;
  let failures = 0;
  while (position.offset < source.sizeBytes) {
    const { offset, minPartBytes } = position;
    try {
      position = await sendPart(session, request, upload, position);
    } catch (error) {
      if (!isLost(error)) throw error;
      failures++;
      if (!(await session.backOff(failures))) throw error;
      position = { ...(await locate(session, request, upload, position, error)), minPartBytes };
    }
    if (position.offset > offset) failures = 0;
    onProgress?.(position.offset);
  }
  return position;
}

async function sendPart(
  session: RegistrySession,
  request: RegistryRequest,
  { repository, scopes, source, onProgress }: Upload,
  { url, offset, minPartBytes }: Position,
): Promise<Position> {
  const end = Math.min(source.sizeBytes, offset + Math.max(PART_BYTES, minPartBytes));
  const response = await session.send(request, {
    method: "PATCH",
    path: url,
    headers: { "Content-Type": "application/octet-stream", "Content-Range": `${offset}-${end - 1}` },
    body: { sizeBytes: end - offset, chunks: () => countBytes(source.read(offset, end), offset, onProgress) },
    repository,
    scopes,
    expect: [202],
    isRepeatable: false,
  });
  response.discard();
  const received = receivedBytes(response) ?? end;
  if (received > end) throw malformedError(request, `a Range beyond the ${end} bytes that were sent`);
  if (received <= offset) throw lostError(request, "did not keep a part");
  return { url: nextUrl(request, response) ?? url, offset: received, minPartBytes };
}

/** Where the registry is after a part that failed with `cause`; throws it when the upload has to begin again. */
async function locate(
  session: RegistrySession,
  request: RegistryRequest,
  { repository, scopes, source }: Upload,
  { url }: Position,
  cause: unknown,
): Promise<Omit<Position, "minPartBytes">> {
  const response = await session.send(request, {
    method: "GET",
    path: url,
    repository,
    scopes,
    expect: [204, 400, 404, 416],
  });
  response.discard();
  const received = response.status === 204 ? receivedBytes(response) : undefined;
  // Registries send `0-0` for no bytes too, so that one byte cannot be told from none.
  if (received === undefined || received <= 1 || received > source.sizeBytes) throw cause;
  return { url: nextUrl(request, response) ?? url, offset: received };
}

async function complete(
  session: RegistrySession,
  request: RegistryRequest,
  { repository, scopes, source, onProgress }: Upload,
  { url, offset }: Position,
): Promise<void> {
  const separator = url.search === "" ? "?" : "&";
  const response = await session.send(request, {
    method: "PUT",
    path: new URL(`${url.href}${separator}digest=${encodeURIComponent(source.digest)}`),
    headers: { "Content-Type": "application/octet-stream" },
    body: {
      sizeBytes: source.sizeBytes - offset,
      chunks: () =>
        offset === source.sizeBytes ? [] : countBytes(source.read(offset, source.sizeBytes), offset, onProgress),
    },
    repository,
    scopes,
    expect: [201, 204],
    isRepeatable: false,
    responseTimeoutMs: COMPLETION_TIMEOUT_MS,
  });
  response.discard();
  const reported = response.header("docker-content-digest");
  if (reported !== undefined && reported !== source.digest)
    throw malformedError(request, `another digest, '${reported.slice(0, 80)}',`);
}

async function isPresent(
  session: RegistrySession,
  request: RegistryRequest,
  { repository, scopes, source }: Upload,
): Promise<boolean> {
  const path = `${repository}/blobs/${source.digest}`;
  const response = await session.send(request, { method: "HEAD", path, repository, scopes, expect: [200, 404] });
  response.discard();
  return response.status === 200 && Number(response.header("content-length") ?? source.sizeBytes) === source.sizeBytes;
}

const lostError = ({ registry, subject }: RegistryRequest, what: string): UnikernelError =>
  new UnikernelError("API_UNREACHABLE", `The registry '${registry}' ${what} of ${subject}.`, { hint: "Retry later." });

/** The URL of the next request. It may be relative, and have another host, which then gets no credentials. */
function nextUrl(request: RegistryRequest, response: HttpResponse): URL | undefined {
  const location = response.header("location");
  return location === undefined ? undefined : resolveLocation(request, location, response.url);
}

/** Number of bytes that a registry has, from `Range: 0-<last byte>`; `undefined` for no or another form. */
function receivedBytes(response: HttpResponse): number | undefined {
  const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(response.header("range")?.trim() ?? "")?.[1];
  return last === undefined ? undefined : Number(last) + 1;
}

async function* countBytes(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  offset: number,
  onProgress: ((sentBytes: number) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  let sent = offset;
  for await (const chunk of chunks) {
    yield chunk;
    sent += chunk.length;
    onProgress?.(sent);
  }
}
