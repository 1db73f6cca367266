/** Describes an image in a registry without pulling it. */
import { UnikernelError } from "../../base/errors";
import { type Digest } from "../../base/digest";
import { parseReference } from "../oci/reference";
import { createRegistryClient } from "./api/client";
import { fetchAllDocuments } from "./documents";
import { resolveEndpoint } from "./endpoint";
import type { RegistryAccess } from "./pull";

/** An image in a registry. */
export interface RemoteImage {
  readonly digest: Digest;
  /** Total bytes of the blobs of all platforms, each counted once: indexes, manifests, configs and layers. */
  readonly sizeBytes: number;
}

/**
 * The image that a reference has in its registry now; `undefined` if the registry has no such image, or lacks one of its platforms.
 * Throws what a registry client throws.
 */
export async function inspectImage(text: string, access: RegistryAccess = {}): Promise<RemoteImage | undefined> {
  const reference = parseReference(text);
  const client = createRegistryClient({ ...access, registry: resolveEndpoint(reference).registry });
  try {
    const { documents, manifests } = await fetchAllDocuments(client, reference, text);
    const parts = manifests.flatMap(({ config, layers }) => [config, ...layers]);
    const sizes = new Map([
      ...documents.map(({ digest, bytes }) => [digest, bytes.length] as const),
      ...parts.map(({ digest, size }) => [digest, size] as const),
    ]);
    const sizeBytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    return { digest: documents[0].digest, sizeBytes };
  } catch (error) {
    if (UnikernelError.has(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}
