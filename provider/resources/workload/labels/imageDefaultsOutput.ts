/** The output that reports the defaults from the labels of an image. Pure. */
import * as z from "zod";
import { type Properties, field, objectType } from "../../../definition/resource";

const imageDefaults = objectType(
  "ImageDefaults",
  "What the labels of an image set where the program sets nothing.",
  z.object({
    scaleToZero: field(
      objectType(
        "ScaleToZeroDefaults",
        "Defaults for members of `scaleToZero`.",
        z.object({
          policy: field(z.enum(["on", "idle", "off"]).optional(), {
            description: "Default of `policy`; absent without a valid label.",
          }),
          stateful: field(z.boolean().optional(), {
            description: "Default of `stateful`; absent without a valid label.",
          }),
          cooldownTimeMs: field(z.int().optional(), {
            description: "Default of `cooldownTimeMs`, in milliseconds; absent without a valid label.",
          }),
        }),
      ),
      { description: "From the labels `cloud.unikraft.v1.instances/scale_to_zero.*`." },
    ),
  }),
);

/** Defaults from labels. */
export type ImageDefaults = z.output<typeof imageDefaults>;

/** The output `imageDefaults`, the same for each kind with a workload. */
export const imageDefaultsField = () =>
  field(imageDefaults.optional(), {
    description:
      "Defaults from the labels of the image, read when the image was first used here; they apply where the program sets nothing. Absent if there are none, and if the labels could not be read.",
  });

/** The defaults in the outputs of a state; `undefined` if there are none. */
export const imageDefaultsIn = (outputs: Properties = {}): ImageDefaults | undefined =>
  imageDefaults.safeParse(outputs["imageDefaults"]).data;
