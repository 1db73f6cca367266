/** Inputs of a GatewayImage. Pure. */
import * as z from "zod";
import { field } from "../../definition/resource";
import { nameField } from "../common/fields";

/** Inputs of a GatewayImage. */
export const imageInputs = z.strictObject({
  name: nameField("image repository"),
  context: field(z.string().min(1), {
    description: "Folder that holds the Kraftfile, relative to the program. The Kraftfile's paths are relative to it.",
  }),
  files: field(z.record(z.string().regex(/^\//, "must be an absolute path of the guest"), z.string()).default({}), {
    description: "Files to put over the root file system: absolute path in the guest → content.",
  }),
  contextHash: field(z.string().optional(), {
    description: "Hash of everything the image is built from; computed at preview, so that a changed file shows.",
    computed: true,
  }),
});

/** Checked inputs of a GatewayImage. */
export type ImageInputs = z.output<typeof imageInputs>;
