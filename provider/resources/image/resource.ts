/** GatewayImage: an OCI image built from a Kraftfile project. */
import { defineResource, lazyLifecycle } from "../../definition/resource";
import { imageInputs } from "./inputs";
import { imageOutputs } from "./outputs";

/** The GatewayImage resource. */
export const gatewayImage = defineResource({
  kind: "GatewayImage",
  description:
    "An OCI image built from a folder with a Kraftfile. Equal content gives an equal digest; nothing changed means nothing built.",
  inputs: imageInputs,
  outputs: imageOutputs,
  metroRestriction: {
    metro: "local",
    hint: "There, give Instance and Service an image that the metro's registry holds.",
  },
  computeInputs: (given) => (require("./plan") as typeof import("./plan")).computeInputs(given),
  ...lazyLifecycle(() => (require("./lifecycle") as typeof import("./lifecycle")).lifecycle),
});
