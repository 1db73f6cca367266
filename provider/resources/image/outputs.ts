/** Outputs of a GatewayImage. Pure. */
import * as z from "zod";
import { field } from "../../definition/resource";

/** Outputs of a GatewayImage. */
export const imageOutputs = z.object({
  ref: field(z.string(), {
    description: "Reference by digest, `repository@sha256:…`; use it as `image` of an Instance or Service template.",
  }),
  digest: field(z.string(), { description: "Digest of the image index." }),
  contextHash: field(z.string(), {
    description:
      "Hash of the build inputs. The contents of `files` and `build.secrets` are not part of it, because a hash would let anyone who sees it guess a short secret. It also changes when a newer release of this library builds other bytes from the same inputs; the image is then built once more.",
  }),
  sizeBytes: field(z.number(), { description: "Total size of the image's blobs in bytes." }),
});
/** The output values of a GatewayImage. */
export type ImageOutputs = z.output<typeof imageOutputs>;

/** The outputs of an image in a repository. */
export const toOutputs = (
  repository: string,
  { digest, contextHash, sizeBytes }: Omit<ImageOutputs, "ref">,
): ImageOutputs => ({
  ref: `${repository}@${digest}`,
  digest,
  contextHash,
  sizeBytes,
});
