/**
 * An OCI registry in memory that keeps what an interrupted upload has sent, and that a test can make lie, fail or stall.
 *
 * Source: OCI distribution-spec 1.1.
 */
import * as crypto from "node:crypto";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { type Digest, digestOf } from "../../provider/base/digest";

/** One request that the registry received. */
export interface FakeRequest {
  readonly method: string;
  /** Below `/v2/`, without a query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: http.IncomingHttpHeaders;
  /** Number of requests with this method and kind of path so far, from 1. */
  readonly count: number;
}

/** Responds to a request in place of the registry, or returns false to let it pass. */
export type Fault = (request: FakeRequest, response: http.ServerResponse, incoming: http.IncomingMessage) => boolean;

/** A running registry. */
export interface FakeRegistry extends AsyncDisposable {
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  readonly requests: readonly FakeRequest[];
  /** By `repository@digest`. */
  readonly blobs: Map<string, Buffer>;
  /** By `repository@digest` and `repository:tag`. */
  readonly manifests: Map<string, { readonly mediaType: string; readonly bytes: Buffer }>;
  /** What the registry does wrong; replaced by tests. */
  fault: Fault;
  /** Whether it has the referrers API. Defaults to true. */
  hasReferrersApi: boolean;
  /** Whether it allows deletion. Defaults to true. */
  allowsDeletion: boolean;
}

const INDEX = "application/vnd.oci.image.index.v1+json";

interface Handling {
  readonly request: FakeRequest;
  readonly incoming: http.IncomingMessage;
  readonly response: http.ServerResponse;
}

/** Starts an empty registry on a loopback port. */
export async function startFakeRegistry(): Promise<FakeRegistry> {
  const requests: FakeRequest[] = [];
  const uploads = new Map<string, Buffer>();
  const registry: Omit<FakeRegistry, "host" | typeof Symbol.asyncDispose> = {
    requests,
    blobs: new Map(),
    manifests: new Map(),
    fault: () => false,
    hasReferrersApi: true,
    allowsDeletion: true,
  };
  const { blobs, manifests } = registry;

  const fail = (response: http.ServerResponse, status: number, code: string): void => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ errors: [{ code, message: code.toLowerCase().replaceAll("_", " ") }] }));
  };
  const range = (bytes: Buffer): string => `0-${Math.max(0, bytes.length - 1)}`;

  /** Appends the body to an upload as it arrives, so that a broken connection leaves what was received. */
  async function append(id: string, incoming: http.IncomingMessage): Promise<boolean> {
    try {
      for await (const chunk of incoming)
        uploads.set(id, Buffer.concat([uploads.get(id) ?? Buffer.alloc(0), chunk as Buffer]));
      return true;
    } catch {
      return false;
    }
  }

  async function handleUpload(
    repository: string,
    id: string,
    { request, incoming, response }: Handling,
  ): Promise<void> {
    const received = uploads.get(id);
    const location = `/v2/${repository}/blobs/uploads/${id}`;
    if (received === undefined) return fail(response, 404, "BLOB_UPLOAD_UNKNOWN");
    if (request.method === "GET") return void response.writeHead(204, { location, range: range(received) }).end();
    const start = /^(\d+)-/.exec(request.headers["content-range"] ?? "")?.[1];
    if (start !== undefined && Number(start) !== received.length) {
      incoming.resume();
      return void response.writeHead(416, { location, range: range(received) }).end();
    }
    if (!(await append(id, incoming))) return;
    const bytes = uploads.get(id) ?? received;
    if (request.method === "PATCH") return void response.writeHead(202, { location, range: range(bytes) }).end();
    const digest = request.query.get("digest") as Digest;
    uploads.delete(id);
    if (digestOf(bytes) !== digest) return fail(response, 400, "DIGEST_INVALID");
    blobs.set(`${repository}@${digest}`, bytes);
    response.writeHead(201, { location: `/v2/${repository}/blobs/${digest}`, "docker-content-digest": digest }).end();
  }

  function beginUpload(repository: string, { request, response }: Handling): void {
    const [mount, from] = [request.query.get("mount"), request.query.get("from")];
    const mounted = blobs.get(`${from}@${mount}`);
    if (mounted !== undefined) {
      blobs.set(`${repository}@${mount}`, mounted);
      return void response.writeHead(201, { location: `/v2/${repository}/blobs/${mount}` }).end();
    }
    const id = crypto.randomUUID();
    uploads.set(id, Buffer.alloc(0));
    response.writeHead(202, { location: `/v2/${repository}/blobs/uploads/${id}`, range: "0-0" }).end();
  }

  function sendBlob(repository: string, digest: string, { request, response }: Handling): void {
    const bytes = blobs.get(`${repository}@${digest}`);
    if (bytes === undefined) return fail(response, 404, "BLOB_UNKNOWN");
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers["range"] ?? "") ?? [];
    const start = Number(first ?? 0);
    const end = Math.min(last === undefined || last === "" ? bytes.length : Number(last) + 1, bytes.length);
    const isPart = end - start < bytes.length;
    response.writeHead(isPart ? 206 : 200, {
      "content-length": end - start,
      ...(isPart ? { "content-range": `bytes ${start}-${end - 1}/${bytes.length}` } : {}),
    });
    response.end(request.method === "HEAD" ? undefined : bytes.subarray(start, end));
  }

  async function handleManifest(repository: string, name: string, handling: Handling): Promise<void> {
    const { request, incoming, response } = handling;
    const key = `${repository}${name.startsWith("sha256:") ? "@" : ":"}${name}`;
    if (request.method === "PUT") {
      const parts: Buffer[] = [];
      for await (const part of incoming) parts.push(part as Buffer);
      const bytes = Buffer.concat(parts);
      const digest = digestOf(bytes);
      const document = JSON.parse(bytes.toString()) as Record<string, unknown>;
      const missing = unknownParts(repository, document);
      if (missing) return fail(response, 404, "MANIFEST_BLOB_UNKNOWN");
      const stored = { mediaType: request.headers["content-type"] ?? "", bytes };
      manifests.set(key, stored).set(`${repository}@${digest}`, stored);
      const subject = document["subject"] as { digest: string } | undefined;
      return void response
        .writeHead(201, {
          "docker-content-digest": digest,
          ...(subject !== undefined && registry.hasReferrersApi ? { "oci-subject": subject.digest } : {}),
        })
        .end();
    }
    const found = manifests.get(key);
    if (found === undefined) return fail(response, 404, "MANIFEST_UNKNOWN");
    if (request.method === "DELETE") {
      if (!registry.allowsDeletion) return fail(response, 405, "UNSUPPORTED");
      for (const [other, { bytes }] of manifests) if (bytes.equals(found.bytes)) manifests.delete(other);
      return void response.writeHead(202).end();
    }
    response.writeHead(200, {
      "content-type": found.mediaType,
      "content-length": found.bytes.length,
      "docker-content-digest": digestOf(found.bytes),
    });
    response.end(request.method === "HEAD" ? undefined : found.bytes);
  }

  /** A registry accepts a manifest only if it has everything that the manifest refers to. */
  function unknownParts(repository: string, document: Record<string, unknown>): boolean {
    const parts = [document["config"], ...((document["layers"] as unknown[] | undefined) ?? [])].filter(Boolean);
    const children = (document["manifests"] as { digest: string }[] | undefined) ?? [];
    return (
      (parts as { digest: string }[]).some(({ digest }) => !blobs.has(`${repository}@${digest}`)) ||
      children.some(({ digest }) => !manifests.has(`${repository}@${digest}`))
    );
  }

  function listReferrers(repository: string, subject: string, { response }: Handling): void {
    if (!registry.hasReferrersApi) return fail(response, 404, "NOT_FOUND");
    const found = [...manifests].filter(([key, { bytes }]) => {
      const document = JSON.parse(bytes.toString()) as { subject?: { digest: string } };
      return key.startsWith(`${repository}@`) && document.subject?.digest === subject;
    });
    const entries = found.map(([, { mediaType, bytes }]) => {
      const { artifactType, annotations } = JSON.parse(bytes.toString()) as Record<string, unknown>;
      return { mediaType, digest: digestOf(bytes), size: bytes.length, artifactType, annotations };
    });
    response.writeHead(200, { "content-type": INDEX });
    response.end(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: entries }));
  }

  function listTags(repository: string, { response }: Handling): void {
    const tags = [...manifests.keys()]
      .filter((key) => key.startsWith(`${repository}:`))
      .map((key) => key.slice(repository.length + 1));
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ name: repository, tags }));
  }

  const server = http.createServer((incoming, response) => {
    const url = new URL(incoming.url ?? "/", "http://registry");
    const path = url.pathname.replace(/^\/v2\//, "");
    const match = /^(.+)\/(blobs\/uploads|blobs|manifests|referrers|tags)\/(.*)$/.exec(path);
    const [, repository = "", kind = "", name = ""] = match ?? [];
    const method = incoming.method ?? "";
    const kindOf = (other: FakeRequest): boolean => other.method === method && other.path.includes(`/${kind}/`);
    const request: FakeRequest = {
      method,
      path,
      query: url.searchParams,
      headers: incoming.headers,
      count: requests.filter(kindOf).length + 1,
    };
    requests.push(request);
    if (registry.fault(request, response, incoming)) return;
    const handling = { request, incoming, response };
    if (kind === "blobs/uploads" && name === "") beginUpload(repository, handling);
    else if (kind === "blobs/uploads") void handleUpload(repository, name, handling);
    else if (kind === "blobs") sendBlob(repository, name, handling);
    else if (kind === "manifests") void handleManifest(repository, name, handling);
    else if (kind === "referrers") listReferrers(repository, name, handling);
    else if (kind === "tags") listTags(repository, handling);
    else fail(response, 404, "NAME_UNKNOWN");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(registry, {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
