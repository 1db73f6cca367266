/** A layout that stores nothing: for the digest that an image will have. */
import type { Layout } from "../../oci/layout";
import { packImages } from "../../oci/imageBlobs";

/** The part of a layout that a build uses. `withTemporaryFile` gives no file, so that archives are packed into a hash. */
export interface ImageSink extends Pick<Layout, "putImages"> {
  withTemporaryFile<T>(work: (file: string | undefined) => Promise<T>): Promise<T>;
}

/** Computes the digest of each image that is put, from documents in memory and digests of its layers. */
export const digestOnly: ImageSink = {
  async putImages(images) {
    const { root, blobs } = await packImages(images);
    const sizes = new Map(blobs.map(({ digest, sizeBytes }) => [digest, sizeBytes]));
    return { digest: root.digest, sizeBytes: [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0) };
  },
  withTemporaryFile: (work) => work(undefined),
};
