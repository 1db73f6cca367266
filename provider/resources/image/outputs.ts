/** Outputs of a GatewayImage. Pure. */
import * as z from "zod";
import { type Properties, field } from "../../definition/resource";
import { type ImageDestination, imageRef } from "./reference";

/** Outputs of a GatewayImage. */
export const imageOutputs = z.object({
  ref: field(z.string(), {
    description: "Reference by digest, `repository@sha256:…`; use it as `image` of an Instance or Service template.",
  }),
  digest: field(z.string(), { description: "Digest of the image index." }),
  contextHash: field(z.string(), {
    description:
      "Hash of the build inputs. The contents of `files` and `build.secrets` are not part of it, because a hash would let anyone who sees it guess a short secret.",
  }),
  sizeBytes: field(z.number(), { description: "Total size of the image's blobs in bytes." }),
  versions: field(z.array(z.string()), {
    description: "Digests of the images that are kept, newest first, the current one included.",
  }),
});
/** The output values of a GatewayImage. */
export type ImageOutputs = z.output<typeof imageOutputs>;

/** The outputs of an image. */
export const toOutputs = (
  destination: ImageDestination,
  { digest, contextHash, sizeBytes }: Pick<ImageOutputs, "digest" | "contextHash" | "sizeBytes">,
  versions: readonly string[],
): ImageOutputs => ({
  ref: imageRef(destination, digest),
  digest,
  contextHash,
  sizeBytes,
  versions: [...versions],
});

/** The kept digests in state, newest first. State of an earlier release has the current one only; a lookup's has none. */
export const versionsInState = ({ versions, digest }: Properties): readonly string[] =>
  [versions ?? digest ?? []].flat().filter((one) => typeof one === "string");
