/** Reads the labels of images: from the image layout of this machine for metro `local`, from the image's registry otherwise. */
import { type MetroConfig, isVendorUrl } from "../../base/config/metroConfig";
import { stripPlatformPrefix } from "../../contract/imageUrl";
import { openLayout } from "../../image/oci/layout";
import { parseReference } from "../../image/oci/reference";
import { isStandInRuntime } from "../../image/runtimeImage";
import { resolveEndpoint } from "../../image/registry/endpoint";
import { fetchImageLabels } from "../../image/registry/imageLabels";
import { imageAccess, rememberLooks } from "./imageAccess";
import type { DescribeRegistryImage } from "./registryImages";

/** Labels by name. */
export type ImageLabels = Readonly<Record<string, string>>;

/** How an image is looked up. */
export interface LookUpOptions {
  /** Base64 of `user:password` for the image's registry; `undefined` for the metro's own and those of Docker. Secret. */
  readonly credentials?: string | undefined;
  /**
   * True for a preview, before which nothing need be stored. A name without a host in metro `local` is then looked up on this machine only:
   * it may be an image that the program is about to build.
   */
  readonly isPreview?: boolean;
}

/**
 * The labels of an image; `undefined` if it is not stored yet, or if it is not known in which registry it is. Throws what reading a layout
 * or a registry throws, after 10 s at the latest.
 */
export type ReadImageLabels = (image: string, options?: LookUpOptions) => Promise<ImageLabels | undefined>;

/** What is read of where. */
export interface ImageLabelSource extends Pick<MetroConfig, "url" | "token"> {
  /** Folder of the image layout. */
  readonly layout: string;
  /** Describes images of metro `local` that the layout does not have. */
  readonly describe: DescribeRegistryImage;
  /** Aborts when all operations are cancelled. */
  readonly signal: AbortSignal;
}

/** Reads each image once per process, also after a failure; one that is not stored yet is looked up again. */
export function createImageLabelReader(source: ImageLabelSource): ReadImageLabels {
  const look = rememberLooks<LookUpOptions, ImageLabels | undefined>(
    (image, options) => readLabels(source, image, options),
    (labels) => labels === undefined,
  );
  return (image, options = {}) => look(image, options);
}

async function readLabels(
  { url, token, layout, describe, signal }: ImageLabelSource,
  image: string,
  { credentials, isPreview = false }: LookUpOptions,
): Promise<ImageLabels | undefined> {
  const isLocal = url === undefined;
  const isVendor = url !== undefined && isVendorUrl(url);
  const name = stripPlatformPrefix(image);
  const reference = parseReference(name);
  const stored = isLocal ? await openLayout(layout).resolve(name) : undefined;
  if (stored !== undefined) return stored.labels;
  if (isLocal && isStandInRuntime(name)) return {};
  // A name without a host is in the vendor's registry for the vendor's metros, and for `local` what is not on this machine.
  const isShort = reference.registry === undefined;
  if (isShort && !isVendor && (!isLocal || isPreview || name !== image)) return undefined;
  if (isLocal) return (await describe(name, credentials))?.labels;
  const { registry } = resolveEndpoint(reference);
  return fetchImageLabels(
    image,
    imageAccess({ registry, credentials, metroToken: isVendor ? token : undefined, signal }),
  );
}
