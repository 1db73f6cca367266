/** Describes an image in a registry without pulling it. */
import { UnikernelError } from "../../base/errors";
import { type Digest } from "../../base/digest";
import { type Descriptor, imageIndex, imageManifest, isIndexType } from "../oci/descriptor";
import { VM_PLATFORM, chooseManifest } from "../oci/platformChoice";
import { parseReference } from "../oci/reference";
import { parseDocument } from "../oci/storedImage";
import { createRegistryClient } from "./api/client";
import { resolveEndpoint } from "./endpoint";
import type { RegistryAccess } from "./pull";

/** An image in a registry. */
export interface RemoteImage {
  readonly digest: Digest;
  /** Total bytes of the blobs of the platform that VMs run: index, manifest, config and layers. */
  readonly sizeBytes: number;
}

/**
 * The image that a reference has in its registry now; `undefined` if the registry has no such image. Throws what a registry client
 * throws.
 */
export async function inspectImage(reference: string, access: RegistryAccess = {}): Promise<RemoteImage | undefined> {
  const parsed = parseReference(reference);
  const { registry, repository } = resolveEndpoint(parsed);
  const client = createRegistryClient({ ...access, registry });
  const fetchDocument = async (version: string) => {
    try {
      return await client.fetchManifest(repository, version);
    } catch (error) {
      if (UnikernelError.has(error, "NOT_FOUND")) return undefined;
      throw error;
    }
  };
  const root = await fetchDocument(parsed.digest ?? parsed.tag ?? "latest");
  if (root === undefined) return undefined;
  let manifest = root;
  let sizeBytes = root.bytes.length;
  if (isIndexType(root.mediaType)) {
    const { manifests } = parseDocument(root.bytes.toString("utf8"), root.digest, imageIndex);
    const chosen = chooseManifest(manifests, VM_PLATFORM);
    const found = chosen && (await fetchDocument(chosen.digest));
    if (found === undefined) return undefined;
    manifest = found;
    sizeBytes += found.bytes.length;
  }
  const { config, layers } = parseDocument(manifest.bytes.toString("utf8"), manifest.digest, imageManifest);
  return { digest: root.digest, sizeBytes: [config, ...layers].reduce(addSize, sizeBytes) };
}

const addSize = (sum: number, { size }: Descriptor): number => sum + size;
