/** The API of an OCI registry. Source: OCI distribution-spec 1.1. */
import type { Digest } from "../../../base/digest";
import type { Descriptor } from "../../oci/descriptor";
import type { Scope } from "../auth/tokens";
import { malformedError } from "../errors";
import { type RegistryClientOptions, RegistrySession } from "../session";
import { fetchBlob, fetchBlobPart } from "./download";
import {
  type FetchedManifest,
  deleteManifest,
  fetchManifest,
  fetchReferrers,
  putManifest,
  resolveManifest,
} from "./manifests";
import { listTags } from "./tags";
import { type UploadSource, uploadBlob } from "./upload";

/** Options of {@link RegistryClient.uploadBlob}. */
export interface UploadOptions {
  /** A repository of the same registry that may have the blob. */
  readonly mountFrom?: string | undefined;
  /** Called with the number of bytes sent so far. */
  readonly onProgress?: ((sentBytes: number) => void) | undefined;
}

/** A blob by its digest and size. */
export type BlobKey = Pick<Descriptor, "digest" | "size">;

/**
 * One registry. Every method throws `API_UNREACHABLE` (no response in time, or 429 and 5xx, after retries), `API_UNAUTHORIZED`,
 * `NOT_FOUND`, `API_REJECTED`, or `API_SHAPE` (not the response of a registry, or bytes that do not match their digest or size).
 */
export interface RegistryClient {
  readonly registry: string;
  /** Fetches by tag or digest. */
  fetchManifest(repository: string, tagOrDigest: string): Promise<FetchedManifest>;
  /** The digest that a tag or digest has now; `undefined` if the registry has no such manifest. */
  resolveManifest(repository: string, tagOrDigest: string): Promise<Digest | undefined>;
  /** Streams a blob; resumes after a lost connection. Throws `API_SHAPE` at its end when digest or size differ. */
  fetchBlob(repository: string, blob: BlobKey): AsyncIterable<Uint8Array>;
  /**
   * At most `length` bytes of a blob from `offset` on, fewer at its end. They are not checked against the digest, so that they are good for
   * hints only.
   */
  fetchBlobPart(
    repository: string,
    blob: BlobKey,
    range: { readonly offset: number; readonly length: number },
  ): Promise<Buffer>;
  /** Whether the registry has a blob. Needs the permission to push. */
  hasBlob(repository: string, blob: BlobKey): Promise<boolean>;
  /** Uploads a blob that the registry lacks; `mounted` if the registry took it from `mountFrom`. */
  uploadBlob(repository: string, source: UploadSource, options?: UploadOptions): Promise<"mounted" | "uploaded">;
  /** Stores a manifest or index. `handlesSubject` if the registry has added it to the referrers of its `subject`. */
  putManifest(
    repository: string,
    tagOrDigest: string,
    manifest: { readonly mediaType: string; readonly bytes: Uint8Array },
  ): Promise<{ readonly digest: Digest; readonly handlesSubject: boolean }>;
  /** Deletes a manifest. `unsupported` if the registry does not allow deletion. */
  deleteManifest(repository: string, digest: Digest): Promise<"deleted" | "missing" | "unsupported">;
  /** All tags of a repository; none if it does not exist. */
  listTags(repository: string): Promise<readonly string[]>;
  /** The index of manifests that refer to `subject`; `undefined` if the registry has no such API. */
  fetchReferrers(repository: string, subject: Digest): Promise<Buffer | undefined>;
}

/** A client of one registry; credentials are looked up when the registry asks for them, and tokens are reused. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const session = new RegistrySession(options);
  return {
    registry: options.registry,
    fetchManifest: (repository, tagOrDigest) => fetchManifest(session, repository, tagOrDigest),
    resolveManifest: (repository, tagOrDigest) => resolveManifest(session, repository, tagOrDigest),
    fetchBlob: (repository, blob) => fetchBlob(session, repository, blob),
    fetchBlobPart: (repository, blob, range) => fetchBlobPart(session, repository, blob, range),
    hasBlob: (repository, blob) => hasBlob(session, repository, blob),
    uploadBlob: (repository, source, { mountFrom, onProgress } = {}) => {
      const scopes = mountFrom === undefined ? [push(repository)] : [push(repository), pull(mountFrom)];
      return uploadBlob(session, { repository, scopes, source, mountFrom, onProgress });
    },
    putManifest: (repository, tagOrDigest, manifest) => putManifest(session, repository, tagOrDigest, manifest),
    deleteManifest: (repository, digest) => deleteManifest(session, repository, digest),
    listTags: (repository) => listTags(session, repository),
    fetchReferrers: (repository, subject) => fetchReferrers(session, repository, subject),
  };
}

const pull = (repository: string): Scope => `repository:${repository}:pull`;
const push = (repository: string): Scope => `repository:${repository}:pull,push`;

async function hasBlob(session: RegistrySession, repository: string, { digest, size }: BlobKey): Promise<boolean> {
  const request = { registry: session.registry, subject: `blob ${digest} of '${repository}'` };
  const response = await session.send(request, {
    method: "HEAD",
    path: `${repository}/blobs/${digest}`,
    repository,
    scopes: [push(repository)],
    expect: [200, 404],
  });
  response.discard();
  if (response.status === 404) return false;
  const sizeBytes = response.header("content-length");
  if (sizeBytes === undefined || Number(sizeBytes) === size) return true;
  throw malformedError(request, `a size of ${sizeBytes} bytes instead of ${size}`, response);
}
