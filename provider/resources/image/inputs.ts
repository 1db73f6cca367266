/** Inputs of a GatewayImage. Pure. */
import * as z from "zod";
import { field } from "../../definition/resource";
import { nameField } from "../common/fields";

/** Inputs of a GatewayImage. */
export const imageInputs = z.strictObject({
  name: nameField("image repository"),
  context: field(z.string().min(1), {
    description:
      "Folder with the Kraftfile, relative to the program. Paths in the Kraftfile are relative to this folder.",
  }),
  files: field(z.record(z.string().regex(/^\//, "must be an absolute path of the guest"), z.string()).default({}), {
    description:
      "Files to add to the root file system or replace in it: absolute path in the guest → content. Default: none.",
  }),
  contextHash: field(z.string().optional(), {
    description: "Hash of all build inputs, computed at preview so that a changed file shows as a change.",
    computed: true,
  }),
});

/** Checked inputs of a GatewayImage. */
export type ImageInputs = z.output<typeof imageInputs>;
