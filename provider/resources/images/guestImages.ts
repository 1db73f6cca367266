/** Looks at what the images of metro `local` boot: in the image layouts of this machine, else in the image's registry. */
import * as fs from "node:fs/promises";
import { UnikernelError } from "../../base/errors";
import { stripPlatformPrefix } from "../../contract/imageUrl";
import { type GuestImage, describeGuestImage } from "../../image/kernel/guestImage";
import { type ReadAt, readerOf } from "../../image/kernel/kernelKind";
import type { LayerRef } from "../../image/oci/layer";
import { openLayout } from "../../image/oci/layout";
import { parseReference } from "../../image/oci/reference";
import { createRegistryClient } from "../../image/registry/api/client";
import { resolveEndpoint } from "../../image/registry/endpoint";
import { imageAccess, rememberLooks } from "./imageAccess";
import type { DescribeRegistryImage } from "./registryImages";

/**
 * What the guests of an image can have; `undefined` if it is not stored yet, or if its name has no host and this machine does not have it:
 * it may be an image that the program is about to build. Throws what reading a layout or a registry throws, after
 * 10 s at the latest.
 *
 * @param credentials Base64 of `user:password` for the image's registry; `undefined` for those of Docker. Secret.
 */
export type ReadGuestImage = (image: string, credentials?: string) => Promise<GuestImage | undefined>;

/** What is fetched of a layer at once: the header of its tar, and that of the file in it. */
const HEAD_BYTES = 64 * 1024;

/** What is read of where. */
export interface GuestImageSource {
  /** Folders of image layouts: what was built here, and what was pulled. */
  readonly layouts: readonly [built: string, pulled: string];
  /** Describes images that no layout has. */
  readonly describe: DescribeRegistryImage;
  /** Aborts when all operations are cancelled. */
  readonly signal: AbortSignal;
}

/** Looks at each image once per process, also after a failure; one that is not stored yet is looked up again. */
export function createGuestImageReader(source: GuestImageSource): ReadGuestImage {
  const look = rememberLooks(
    (image, options: { readonly credentials: string | undefined }) =>
      readGuestImage(source, image, options.credentials),
    // A tag may point to another image after the next build.
    (found, image) => found === undefined || parseReference(stripPlatformPrefix(image)).digest === undefined,
  );
  return (image, credentials) => look(image, { credentials });
}

async function readGuestImage(
  { layouts: [built, pulled], describe, signal }: GuestImageSource,
  image: string,
  credentials: string | undefined,
): Promise<GuestImage | undefined> {
  const name = stripPlatformPrefix(image);
  const reference = parseReference(name);
  // A tag that was pulled may have moved in its registry since.
  const folders = reference.digest === undefined ? [built] : [built, pulled];
  for (const folder of folders) {
    const stored = await openLayout(folder).resolve(name);
    if (stored !== undefined) return describeGuestImage(stored, ({ blob }) => readFileAt(blob));
  }
  if (reference.registry === undefined) return undefined;
  const described = await describe(name, credentials);
  if (described === undefined) return undefined;
  const { registry, repository } = resolveEndpoint(reference);
  const client = createRegistryClient({ ...imageAccess({ registry, credentials, signal }), registry });
  const readLayer = ({ digest, sizeBytes: size }: LayerRef): ReadAt =>
    withHead((offset, length) => client.fetchBlobPart(repository, { digest, size }, { offset, length }));
  try {
    return await describeGuestImage(described, readLayer);
  } catch (error) {
    if (UnikernelError.has(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}

const readFileAt =
  (file: string): ReadAt =>
  async (offset, length) => {
    const handle = await fs.open(file);
    try {
      return await readerOf(handle)(offset, length);
    } finally {
      await handle.close();
    }
  };

/** Fetches the beginning once: most of what is looked at is there. */
function withHead(read: ReadAt): ReadAt {
  let head: Promise<Buffer> | undefined;
  return async (offset, length) => {
    if (offset + length > HEAD_BYTES) return read(offset, length);
    head ??= read(0, HEAD_BYTES);
    return (await head).subarray(offset, offset + length);
  };
}
