/** Manifests of a registry: fetch, resolve, store, delete, and find those that refer to another. */
import * as z from "zod";
import { type Digest, digestOf, isDigest } from "../../../base/digest";
import { MEDIA_TYPE } from "../../oci/descriptor";
import type { Scope } from "../auth/tokens";
import { type RegistryRequest, malformedError } from "../errors";
import type { HttpResponse } from "../http";
import type { RegistryCall, RegistrySession } from "../session";

const ACCEPT = [MEDIA_TYPE.index, MEDIA_TYPE.manifest, MEDIA_TYPE.dockerIndex, MEDIA_TYPE.dockerManifest].join(", ");

/** A manifest or index, byte for byte as the registry sent it. */
export interface FetchedManifest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Buffer;
}

/** Fetches by tag or digest. */
export async function fetchManifest(
  session: RegistrySession,
  repository: string,
  tagOrDigest: string,
): Promise<FetchedManifest> {
  const request = manifestRequest(session.registry, repository, tagOrDigest);
  const { response, bytes } = await session.fetchDocument(request, manifestCall("GET", repository, tagOrDigest, [200]));
  assertNoPage(response, request);
  const digest = digestOf(bytes);
  if (isDigest(tagOrDigest) && tagOrDigest !== digest) throw malformedError(request, "another digest", response);
  if ((reportedDigest(response) ?? digest) !== digest)
    throw malformedError(request, "bytes that do not match the digest in its header", response);
  return { mediaType: mediaTypeOf(response, bytes), digest, bytes };
}

/** The digest that a tag or digest has now; `undefined` if the registry has no such manifest. */
export async function resolveManifest(
  session: RegistrySession,
  repository: string,
  tagOrDigest: string,
): Promise<Digest | undefined> {
  const request = manifestRequest(session.registry, repository, tagOrDigest);
  const response = await session.send(request, manifestCall("HEAD", repository, tagOrDigest, [200, 404]));
  response.discard();
  if (response.status === 404) return undefined;
  assertNoPage(response, request);
  const reported = reportedDigest(response);
  if (!isDigest(tagOrDigest)) return reported ?? (await fetchManifest(session, repository, tagOrDigest)).digest;
  if ((reported ?? tagOrDigest) !== tagOrDigest) throw malformedError(request, "another digest", response);
  return tagOrDigest;
}

/** Stores a manifest or index; `handlesSubject` if the registry has added it to the referrers of its `subject`. */
export async function putManifest(
  session: RegistrySession,
  repository: string,
  tagOrDigest: string,
  { mediaType, bytes }: { readonly mediaType: string; readonly bytes: Uint8Array },
): Promise<{ readonly digest: Digest; readonly handlesSubject: boolean }> {
  const request = manifestRequest(session.registry, repository, tagOrDigest);
  const response = await session.send(request, {
    ...manifestCall("PUT", repository, tagOrDigest, [200, 201, 202], "pull,push"),
    headers: { "Content-Type": mediaType },
    body: { sizeBytes: bytes.length, chunks: () => [bytes] },
  });
  response.discard();
  assertNoPage(response, request);
  const digest = digestOf(bytes);
  if ((reportedDigest(response) ?? digest) !== digest) throw malformedError(request, "another digest", response);
  return { digest, handlesSubject: response.header("oci-subject") !== undefined };
}

/** Deletes a manifest; `unsupported` if the registry does not allow deletion. */
export async function deleteManifest(
  session: RegistrySession,
  repository: string,
  digest: Digest,
): Promise<"deleted" | "missing" | "unsupported"> {
  const request = manifestRequest(session.registry, repository, digest);
  const expected = [200, 202, 204, 404, 405, 501];
  const response = await session.send(
    request,
    manifestCall("DELETE", repository, digest, expected, "pull,push,delete"),
  );
  response.discard();
  if (response.status === 405 || response.status === 501) return "unsupported";
  return response.status === 404 ? "missing" : "deleted";
}

/**
 * The index of manifests that refer to `subject`; `undefined` if the registry has no such API.
 *
 * Source: distribution-spec, "Listing Referrers".
 */
export async function fetchReferrers(
  session: RegistrySession,
  repository: string,
  subject: Digest,
): Promise<Buffer | undefined> {
  const request = { registry: session.registry, subject: `the referrers of '${repository}@${subject}'` };
  const { response, bytes } = await session.fetchDocument(request, {
    method: "GET",
    path: `${repository}/referrers/${subject}`,
    headers: { Accept: MEDIA_TYPE.index },
    repository,
    scopes: [`repository:${repository}:pull`],
    expect: [200, 400, 404, 405, 501],
  });
  return response.status === 200 ? bytes : undefined;
}

const manifestRequest = (registry: string, repository: string, tagOrDigest: string): RegistryRequest => ({
  registry,
  subject: `manifest '${repository}${isDigest(tagOrDigest) ? "@" : ":"}${tagOrDigest}'`,
});

const manifestCall = (
  method: RegistryCall["method"],
  repository: string,
  tagOrDigest: string,
  expect: readonly number[],
  actions = "pull",
): RegistryCall => ({
  method,
  path: `${repository}/manifests/${tagOrDigest}`,
  headers: { Accept: ACCEPT },
  repository,
  scopes: [`repository:${repository}:${actions}` satisfies Scope],
  expect,
});

/** Web servers and captive portals answer everything with 200 and a page. */
function assertNoPage(response: HttpResponse, request: RegistryRequest): void {
  const type = response.header("content-type") ?? "";
  if (reportedDigest(response) === undefined && /^text\/html\b/i.test(type))
    throw malformedError(request, "a web page instead of an OCI response", response);
}

/** The digest in the registry's header; `undefined` for none, and for another algorithm than SHA-256. */
function reportedDigest(response: HttpResponse): Digest | undefined {
  const reported = response.header("docker-content-digest");
  return reported !== undefined && isDigest(reported) ? reported : undefined;
}

/** The document's own `mediaType`, else the registry's content type. */
function mediaTypeOf(response: HttpResponse, bytes: Buffer): string {
  const header = (response.header("content-type") ?? "").split(";")[0]?.trim() ?? "";
  try {
    const own = z.object({ mediaType: z.string() }).safeParse(JSON.parse(bytes.toString("utf8")));
    return own.data?.mediaType ?? header;
  } catch {
    return header; // the parser of the document reports that it is not JSON
  }
}
