/** Reads the documents of images in their registries on metro `local`, once for all that is looked at in them. */
import { UnikernelError } from "../../base/errors";
import { parseReference } from "../../image/oci/reference";
import type { DescribedImage } from "../../image/oci/storedImage";
import { resolveEndpoint } from "../../image/registry/endpoint";
import { describeImage } from "../../image/registry/pull";
import { imageAccess, rememberLooks } from "./imageAccess";

/**
 * What the documents of an image say; `undefined` if its registry has no such image. Throws what reading a registry throws, after 10 s at
 * the latest.
 *
 * @param credentials Base64 of `user:password` for the image's registry; `undefined` for those of Docker. Secret.
 */
export type DescribeRegistryImage = (image: string, credentials?: string) => Promise<DescribedImage | undefined>;

/** Reads each image once per process, also after a failure; one that is not stored yet is looked up again. */
export function createRegistryImages(signal: AbortSignal): DescribeRegistryImage {
  const look = rememberLooks<{ readonly credentials: string | undefined }, DescribedImage | undefined>(
    async (image, { credentials }) => {
      const { registry } = resolveEndpoint(parseReference(image));
      try {
        return await describeImage(image, imageAccess({ registry, credentials, signal }));
      } catch (error) {
        if (UnikernelError.has(error, "NOT_FOUND")) return undefined;
        throw error;
      }
    },
    (found) => found === undefined,
  );
  return (image, credentials) => look(image, { credentials });
}
