/**
 * Signs an image as `cosign sign --key` does, with a key or a command of the user: the signature is an image with the tag
 * `sha256-<hex>.sig`.
 *
 * Sources: sigstore/cosign `specs/SIGNATURE_SPEC.md`; containers/image `docs/containers-signature.5.md` (simple signing).
 */
import * as crypto from "node:crypto";
import { type Digest, digestOf } from "../../base/digest";
import { UnikernelError } from "../../base/errors";
import { exec } from "../../base/exec";
import { type Descriptor, type ImageManifest, MEDIA_TYPE, imageManifest } from "../oci/descriptor";
import { formatReference, parseReference } from "../oci/reference";
import { type RegistryClient, createRegistryClient } from "../registry/api/client";
import { resolveEndpoint } from "../registry/endpoint";
import type { RegistryAccess } from "../registry/pull";
import { sendBytes } from "./attachDocuments";
import { signaturesTag } from "./referrers";
import { isSignedBySameKey } from "./signingKey";

const PAYLOAD_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json";
const SIGNATURE_ANNOTATION = "dev.cosignproject.cosign/signature";
/** A key service that does not respond would otherwise block the program. */
const COMMAND_TIMEOUT_MS = 60_000;

/** Signs bytes: ECDSA over SHA-256, in DER. */
export type Signer = (payload: Buffer, signal?: AbortSignal) => Promise<Buffer>;

/** A signer with a private key in PEM, which must be ECDSA on P-256. Throws `INPUT_INVALID` for any other; the key is never quoted. */
export function signerFromPem(pem: string, passphrase?: string): Signer {
  let key: crypto.KeyObject | undefined;
  try {
    key = crypto.createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    key = undefined; // without a cause, which could quote the key
  }
  if (key?.asymmetricKeyType !== "ec" || key.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
    throw new UnikernelError("INPUT_INVALID", "The signing key is not a private ECDSA key on the curve P-256 in PEM.", {
      hint: "Make one with 'openssl ecparam -name prime256v1 -genkey -noout'. A key of cosign must be exported first.",
    });
  }
  const privateKey = key;
  return (payload) => Promise.resolve(crypto.sign("sha256", payload, privateKey));
}

/**
 * A signer that runs a command of the user, such as one of a key service. It gets the payload in base64 on its input and prints the signature
 * in base64. Throws `OPERATION_FAILED` when it fails.
 */
export const signerFromCommand =
  ([program, ...args]: readonly [string, ...string[]]): Signer =>
  async (payload, signal) => {
    const commandError = (problem: string): UnikernelError =>
      new UnikernelError("OPERATION_FAILED", `The signing command '${program}' ${problem}.`, {
        hint: "It must read base64 from its input and print an ECDSA signature in base64.",
      });
    const limit = AbortSignal.timeout(COMMAND_TIMEOUT_MS);
    const signals = signal === undefined ? limit : AbortSignal.any([signal, limit]);
    const result = await exec(program, args, { input: payload.toString("base64"), signal: signals }).catch(() => {
      signal?.throwIfAborted();
      throw commandError(
        limit.aborted ? `did not finish within ${COMMAND_TIMEOUT_MS / 1000} s` : "could not be started",
      );
    });
    const text = result.stdout.trim();
    if (result.code !== 0) throw commandError(`failed with exit code ${result.code}`);
    if (!/^[A-Za-z0-9+/]{64,200}={0,2}$/.test(text)) throw commandError("printed no signature in base64");
    return Buffer.from(text, "base64");
  };

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
