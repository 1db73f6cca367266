/** Reads the labels of an image from its registry, without fetching the image. */
import { UnikernelError } from "../../base/errors";
import { VM_PLATFORM, describePlatforms } from "../oci/platformChoice";
import { parseReference } from "../oci/reference";
import { createRegistryClient } from "./api/client";
import { fetchConfig, fetchDocuments } from "./documents";
import { resolveEndpoint } from "./endpoint";
import type { RegistryAccess } from "./pull";

/**
 * The labels of an image; `undefined` if the registry has no such image. Reads at most five documents and a config, each up to 4 MiB.
 *
 * Throws `INPUT_INVALID` (no reference), `API_SHAPE` (no OCI documents, or no platform of VMs), and what else a `RegistryClient` throws.
 */
export async function fetchImageLabels(
  text: string,
  access: RegistryAccess = {},
): Promise<Readonly<Record<string, string>> | undefined> {
  const reference = parseReference(text);
  const client = createRegistryClient({ ...access, registry: resolveEndpoint(reference).registry });
  try {
    const { manifest } = await fetchDocuments(
      client,
      reference,
      { text, platform: VM_PLATFORM },
      (_root, manifests) => {
        const offered = describePlatforms(manifests);
        return new UnikernelError("API_SHAPE", `The image '${text}' is built for ${offered}, not for VMs.`);
      },
    );
    const { config } = await fetchConfig(client, reference, manifest.config, text);
    return config.config?.Labels ?? {};
  } catch (error) {
    if (UnikernelError.has(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}
