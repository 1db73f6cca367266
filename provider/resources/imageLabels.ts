/** Reads the labels of images: from the image layout of this machine for metro `local`, from the image's registry otherwise. */
import type { MetroConfig } from "../base/config/metroConfig";
import { stripPlatformPrefix } from "../contract/imageUrl";
import { openLayout } from "../image/oci/layout";
import { parseReference } from "../image/oci/reference";
import { createCredentialSource } from "../image/registry/auth/credentialSource";
import { decodeUserAndPassword } from "../image/registry/auth/credentials";
import { resolveEndpoint } from "../image/registry/endpoint";
import { fetchImageLabels } from "../image/registry/imageLabels";

/** Labels by name. */
export type ImageLabels = Readonly<Record<string, string>>;

/**
 * The labels of an image; `undefined` if it is not stored yet, or if it is not known in which registry it is. Throws what reading a layout
 * or a registry throws, after {@link READ_TIMEOUT_MS} at the latest.
 *
 * @param credentials base64 of `user:password` for the image's registry; `undefined` for the metro's own and those of Docker. Secret.
 */
export type ReadImageLabels = (image: string, credentials?: string) => Promise<ImageLabels | undefined>;

/** Longest time to read the labels of one image, in milliseconds: an index, a manifest and a config, with a token for each at worst. */
const READ_TIMEOUT_MS = 10_000;

/** What is read of where. */
export interface ImageLabelSource extends Pick<MetroConfig, "metro" | "token"> {
  /** Folder of the image layout. */
  readonly layout: string;
  /** Aborts when all operations are cancelled. */
  readonly signal: AbortSignal;
}

/** Reads each image once per process, also after a failure; one that is not stored yet is looked up again. */
export function createImageLabelReader(source: ImageLabelSource): ReadImageLabels {
  const known = new Map<string, Promise<ImageLabels | undefined>>();
  return async (image, credentials) => {
    const key = `${image} ${credentials ?? ""}`;
    const reading = known.get(key) ?? readLabels(source, image, credentials);
    known.set(key, reading);
    const labels = await reading;
    if (labels === undefined) known.delete(key);
    return labels;
  };
}

async function readLabels(
  { metro, token, layout, signal }: ImageLabelSource,
  image: string,
  credentials: string | undefined,
): Promise<ImageLabels | undefined> {
  const reference = parseReference(stripPlatformPrefix(image));
  const stored = metro === "local" ? await openLayout(layout).resolve(stripPlatformPrefix(image)) : undefined;
  if (stored !== undefined) return stored.labels;
  // Names without a host are in the vendor's registry for the vendor's metros only.
  if (reference.registry === undefined && (metro === "local" || metro.includes("://"))) return undefined;
  const { registry } = resolveEndpoint(reference);
  const explicit = credentials === undefined ? undefined : decodeUserAndPassword(credentials);
  return fetchImageLabels(image, {
    credentials: createCredentialSource({
      metroToken: token,
      explicit: explicit === undefined ? {} : { [registry]: { type: "password", ...explicit } },
    }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(READ_TIMEOUT_MS)]),
  });
}
