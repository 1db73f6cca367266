/**
 * Signs an image as `cosign sign --key` does, with a key or a command of the user: the signature is an image with the tag
 * `sha256-<hex>.sig`.
 *
 * Sources: sigstore/cosign `specs/SIGNATURE_SPEC.md`; containers/image `docs/containers-signature.5.md` (simple signing).
 */
import { type Digest, digestOf } from "../../base/digest";
import { UnikernelError } from "../../base/errors";
import { type Descriptor, type ImageManifest, MEDIA_TYPE, imageManifest } from "../oci/descriptor";
import { formatReference, parseReference } from "../oci/reference";
import { type RegistryClient, createRegistryClient } from "../registry/api/client";
import { resolveEndpoint } from "../registry/endpoint";
import type { RegistryAccess } from "../registry/pull";
import { sendBytes } from "./attachDocuments";
import { signaturesTag } from "./referrers";
import type { Signer } from "./signer";
import { isSignedBySameKey } from "./signingKey";

const PAYLOAD_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json";
const SIGNATURE_ANNOTATION = "dev.cosignproject.cosign/signature";
/** The text that is signed: which digest the repository has. Pure. */
export const createSignaturePayload = (repository: string, digest: Digest): Buffer =>
  Buffer.from(
    JSON.stringify({
      critical: {
        identity: { "docker-reference": repository },
        image: { "docker-manifest-digest": digest },
        type: "cosign container image signature",
      },
      optional: null,
    }),
  );

const createSignatureConfig = (layers: readonly Descriptor[]): Buffer =>
  Buffer.from(
    JSON.stringify({
      architecture: "",
      os: "",
      config: {},
      rootfs: { type: "layers", diff_ids: layers.map((one) => one.digest) },
    }),
  );

/**
 * True for a manifest with one signature of the image, which {@link signImage} wrote: other tools write other configs. Not for more
 * signatures, since the others may be by someone else. Pure.
 *
 * @param repository of the image, without tag and digest
 */
export function isOwnSignature(manifest: Buffer, repository: string, digest: Digest): boolean {
  const { layers, config } = parseManifest(manifest) ?? {};
  const [layer] = layers ?? [];
  return (
    layers?.length === 1 &&
    layer?.mediaType === PAYLOAD_TYPE &&
    layer.digest === digestOf(createSignaturePayload(repository, digest)) &&
    config?.digest === digestOf(createSignatureConfig(layers))
  );
}

/**
 * Signs an image that its registry has, unless it carries a signature by the same key. Other signatures of the image are kept. Throws
 * `INPUT_INVALID`, `OPERATION_FAILED` (the signer), and what a {@link RegistryClient} throws.
 *
 * @param repository of the image, without tag and digest
 * @param digest of the image's index
 */
export async function signImage(
  repository: string,
  digest: Digest,
  signer: Signer,
  access: RegistryAccess = {},
): Promise<void> {
  const endpoint = resolveEndpoint(parseReference(repository));
  const client = createRegistryClient({ ...access, registry: endpoint.registry });
  const payload = createSignaturePayload(formatReference(endpoint), digest);
  const signature = await signer(payload, access.signal);
  const tag = signaturesTag(digest);
  const before = await presentLayers(client, endpoint.repository, tag);
  if (isSignedBySameKey(payload, signature, signaturesOf(payload, before))) return;
  await sendBytes(client, endpoint.repository, payload);
  const layer = {
    mediaType: PAYLOAD_TYPE,
    digest: digestOf(payload),
    size: payload.length,
    annotations: { [SIGNATURE_ANNOTATION]: signature.toString("base64") },
  };
  const layers = [...before, layer];
  const config = createSignatureConfig(layers);
  await sendBytes(client, endpoint.repository, config);
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: { mediaType: MEDIA_TYPE.config, digest: digestOf(config), size: config.length },
    layers,
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  await client.putManifest(endpoint.repository, tag, { mediaType: MEDIA_TYPE.manifest, bytes });
}

/** The signatures of a payload among layers. */
const signaturesOf = (payload: Buffer, layers: readonly Descriptor[]): readonly Buffer[] =>
  layers
    .filter(({ mediaType, digest }) => mediaType === PAYLOAD_TYPE && digest === digestOf(payload))
    .map(({ annotations }) => Buffer.from(annotations?.[SIGNATURE_ANNOTATION] ?? "", "base64"));

async function presentLayers(client: RegistryClient, repository: string, tag: string): Promise<readonly Descriptor[]> {
  if ((await client.resolveManifest(repository, tag)) === undefined) return [];
  const manifest = parseManifest((await client.fetchManifest(repository, tag)).bytes);
  if (manifest !== undefined) return manifest.layers;
  throw new UnikernelError(
    "API_SHAPE",
    `The signatures '${repository}:${tag}' in the registry are not a valid OCI document.`,
    {
      hint: "Remove that tag from the registry.",
    },
  );
}

function parseManifest(bytes: Buffer): ImageManifest | undefined {
  try {
    return imageManifest.safeParse(JSON.parse(bytes.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}
