/** Downloads a blob: checked while it arrives, resumed after a lost connection. Or a part of one, which cannot be checked. */
import { ContentMeter } from "../../../base/digest";
import { UnikernelError } from "../../../base/errors";
import type { Descriptor } from "../../oci/descriptor";
import { type RegistryRequest, malformedError } from "../errors";
import type { HttpResponse } from "../http";
import type { RegistrySession } from "../session";

/** A connection that breaks again and again ends the download even if some bytes arrive each time. */
const MAX_RESUMPTIONS = 50;

/** Streams a blob; see `RegistryClient.fetchBlob`. */
export async function* fetchBlob(
  session: RegistrySession,
  repository: string,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
): AsyncGenerator<Uint8Array> {
  const request = { registry: session.registry, subject: `blob ${digest} of '${repository}'` };
  const meter = new ContentMeter();
  let failures = 0;
  for (let resumptions = 0; ; resumptions++) {
    const offset = meter.sizeBytes;
    const response = await session.send(request, {
      method: "GET",
      path: `${repository}/blobs/${digest}`,
      ...(offset === 0 ? {} : { headers: { Range: `bytes=${offset}-` } }),
      repository,
      scopes: [`repository:${repository}:pull`],
      expect: offset === 0 ? [200] : [200, 206],
    });
    try {
      for await (const chunk of meter.measure(bytesFrom(request, response, offset))) {
        if (meter.sizeBytes > size) throw malformedError(request, `more than the ${size} bytes of its descriptor`);
        yield chunk;
      }
      break;
    } catch (error) {
      failures = meter.sizeBytes > offset ? 1 : failures + 1;
      const isLost = UnikernelError.has(error, "API_UNREACHABLE") && resumptions < MAX_RESUMPTIONS;
      if (!isLost || !(await session.backOff(failures))) throw error;
    }
  }
  if (meter.sizeBytes !== size) throw malformedError(request, `${meter.sizeBytes} bytes instead of ${size}`);
  if (meter.digest() !== digest) throw malformedError(request, "content that does not match its digest");
}

/** Fetches a part of a blob; see `RegistryClient.fetchBlobPart`. */
export async function fetchBlobPart(
  session: RegistrySession,
  repository: string,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
  { offset, length }: { readonly offset: number; readonly length: number },
): Promise<Buffer> {
  const end = Math.min(offset + length, size);
  if (end <= offset) return Buffer.alloc(0);
  const request = { registry: session.registry, subject: `blob ${digest} of '${repository}'` };
  const response = await session.send(request, {
    method: "GET",
    path: `${repository}/blobs/${digest}`,
    headers: { Range: `bytes=${offset}-${end - 1}` },
    repository,
    scopes: [`repository:${repository}:pull`],
    expect: [200, 206],
  });
  const parts: Uint8Array[] = [];
  let left = end - offset;
  for await (const chunk of bytesFrom(request, response, offset)) {
    parts.push(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) break; // the registry ignores the range: this closes the connection
  }
  return Buffer.concat(parts);
}

/** The body from `offset`; a registry may ignore the range and send everything. */
function bytesFrom(request: RegistryRequest, response: HttpResponse, offset: number): AsyncIterable<Uint8Array> {
  if (response.status === 200) return skipBytes(response.chunks(), offset);
  if (response.header("content-range")?.startsWith(`bytes ${offset}-`) === true) return response.chunks();
  response.discard();
  throw malformedError(request, "another range of bytes than requested");
}

async function* skipBytes(chunks: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of chunks) {
    const skipped = Math.min(left, chunk.length);
    left -= skipped;
    if (skipped < chunk.length) yield chunk.subarray(skipped);
  }
}
