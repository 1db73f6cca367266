/** Describes an image in a registry without pulling it. */
import { UnikernelError } from "../../base/errors";
import { type Digest } from "../../base/digest";
import { VM_PLATFORM } from "../oci/platformChoice";
import { parseReference } from "../oci/reference";
import { createRegistryClient } from "./api/client";
import { fetchDocuments } from "./documents";
import { resolveEndpoint } from "./endpoint";
import type { RegistryAccess } from "./pull";

/** An image in a registry. */
export interface RemoteImage {
  readonly digest: Digest;
  /** Total bytes of the blobs of the platform that VMs run: index, manifest, config and layers. */
  readonly sizeBytes: number;
}

/**
 * The image that a reference has in its registry now; `undefined` if the registry has no such image, or none for VMs. Throws what a
 * registry client throws.
 */
export async function inspectImage(text: string, access: RegistryAccess = {}): Promise<RemoteImage | undefined> {
  const reference = parseReference(text);
  const client = createRegistryClient({ ...access, registry: resolveEndpoint(reference).registry });
  try {
    const { documents, manifest } = await fetchDocuments(
      client,
      reference,
      { text, platform: VM_PLATFORM },
      () => new UnikernelError("NOT_FOUND", `'${text}' has no image for VMs.`),
    );
    const sizes = [
      ...documents.map(({ bytes }) => bytes.length),
      ...[manifest.config, ...manifest.layers].map((one) => one.size),
    ];
    return { digest: documents[0].digest, sizeBytes: sizes.reduce((sum, size) => sum + size, 0) };
  } catch (error) {
    if (UnikernelError.has(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}
