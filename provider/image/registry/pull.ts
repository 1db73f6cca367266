/** Fetches a runtime from a registry into a layout. */
import { UnikernelError } from "../../base/errors";
import { type BlobSource, blobFromBytes } from "../oci/blob";
import { MEDIA_TYPE, type Descriptor, formatPlatform, imageIndex, imageManifest, isIndexType } from "../oci/descriptor";
import type { Layout } from "../oci/layout";
import { DEFAULT_REGISTRY, type Reference, canonicalRepository, parseReference } from "../oci/reference";
import { type StoredImage, parseDocument } from "../oci/storedImage";
import { type FetchedManifest, type RegistryClient, createRegistryClient } from "./client";

/** In order of preference: kernels for QEMU first; `kraftcloud` and `fc` kernels are built for KVM too. */
const PREFERRED_OS: readonly string[] = ["qemu", "kraftcloud", "fc"];

/** The architecture of local VMs. */
const ARCHITECTURE = "x86_64";

/**
 * Pulls one platform of an image; the digest remains that of the registry's index. A bare name is an official image:
 * `base` is `official/base:latest`. Blobs that the layout already has are not fetched.
 *
 * Throws `INPUT_INVALID` (no reference), `API_UNREACHABLE`, `API_UNAUTHORIZED`, `NOT_FOUND`, `API_SHAPE`,
 * `RUNTIME_UNAVAILABLE` (no such platform), `BUILD_FAILED` (damaged transfer), `NO_SPACE`.
 */
export async function pullRuntime(reference: string, layout: Layout, signal?: AbortSignal): Promise<StoredImage> {
  const parsed = parseReference(reference);
  const { registry, repository } = resolveRegistry(parsed);
  const client = createRegistryClient({ registry, signal });
  const root = await client.fetchManifest(repository, parsed.digest ?? parsed.tag ?? "latest");
  const chosen = isIndexType(root.mediaType) ? await selectManifest(client, repository, root, reference) : root;
  const manifest = parseFetchedDocument(chosen, imageManifest, reference);
  const parts = [manifest.config, ...manifest.layers].map((part) => toBlobSource(client, repository, part));
  return layout.putBlobs({
    repository: canonicalRepository(parsed),
    ...(parsed.tag === undefined ? {} : { tag: parsed.tag }),
    root: { mediaType: root.mediaType || MEDIA_TYPE.manifest, digest: root.digest, size: root.bytes.length },
    blobs: [...parts, blobFromBytes(chosen.bytes), blobFromBytes(root.bytes)],
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Host and path to request. Source: unikraft CLI, resolution of short names. */
function resolveRegistry({ registry, repository }: Reference): { registry: string; repository: string } {
  if (registry !== undefined) return { registry, repository };
  return { registry: DEFAULT_REGISTRY, repository: repository.includes("/") ? repository : `official/${repository}` };
}

async function selectManifest(
  client: RegistryClient,
  repository: string,
  root: FetchedManifest,
  reference: string,
): Promise<FetchedManifest> {
  const { manifests } = parseFetchedDocument(root, imageIndex, reference);
  const candidates = manifests.filter((entry) => entry.platform?.architecture === ARCHITECTURE);
  const rank = ({ platform }: Descriptor): number => {
    const at = PREFERRED_OS.indexOf(platform?.os ?? "");
    return at < 0 ? PREFERRED_OS.length : at;
  };
  const chosen = candidates.toSorted((a, b) => rank(a) - rank(b))[0];
  if (chosen !== undefined) return client.fetchManifest(repository, chosen.digest);
  const offered = manifests.map(({ platform }) => (platform ? formatPlatform(platform) : "unknown")).join(", ");
  throw new UnikernelError(
    "RUNTIME_UNAVAILABLE",
    `The runtime '${reference}' is built for ${offered}, not for ${ARCHITECTURE}.`,
    {
      hint: "Use a runtime for this architecture in the Kraftfile.",
    },
  );
}

const toBlobSource = (client: RegistryClient, repository: string, { digest, size }: Descriptor): BlobSource => ({
  digest,
  sizeBytes: size,
  chunks: () => client.fetchBlob(repository, digest),
});

function parseFetchedDocument<T>(
  fetched: FetchedManifest,
  model: Parameters<typeof parseDocument<T>>[2],
  reference: string,
): T {
  try {
    return parseDocument(fetched.bytes.toString("utf8"), fetched.digest, model);
  } catch (cause) {
    throw new UnikernelError(
      "API_SHAPE",
      `The registry's document ${fetched.digest} for '${reference}' is not a valid OCI document.`,
      {
        hint: "Check that the host is an OCI registry and that the name is an image.",
        cause,
      },
    );
  }
}
