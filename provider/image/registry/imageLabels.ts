/** Reads the labels of an image from its registry, without fetching the image. */
import { UnikernelError } from "../../base/errors";
import { ANY_PLATFORM } from "../oci/platformChoice";
import { parseReference } from "../oci/reference";
import { createRegistryClient } from "./api/client";
import { fetchConfig, fetchDocuments } from "./documents";
import { resolveEndpoint } from "./endpoint";
import type { RegistryAccess } from "./pull";

/**
 * The labels of an image; `undefined` if the registry has no such image. Reads at most five documents and a config, each up to 4 MiB.
 *
 * Throws `INPUT_INVALID` (no reference), `API_SHAPE` (no OCI documents, or no platform), and what else a `RegistryClient` throws.
 */
export async function fetchImageLabels(
  text: string,
  access: RegistryAccess = {},
): Promise<Readonly<Record<string, string>> | undefined> {
  const reference = parseReference(text);
  const client = createRegistryClient({ ...access, registry: resolveEndpoint(reference).registry });
  try {
    const { manifests } = await fetchDocuments(
      client,
      reference,
      { text, platforms: [ANY_PLATFORM] },
      () => new UnikernelError("API_SHAPE", `The index of '${text}' lists no image.`),
    );
    const { config } = await fetchConfig(client, reference, manifests[0].config, text);
    return config.config?.Labels ?? {};
  } catch (error) {
    if (UnikernelError.has(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}
