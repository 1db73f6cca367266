/** GatewayImage: an OCI image built from a Kraftfile project. */
import { defineResource, lazyLifecycle } from "../../definition/resource";
import { attestationRule } from "./attestation";
import { fileRule } from "./files";
import { imageInputs } from "./inputs";
import { imageOutputs } from "./outputs";
import { exclusiveRepository } from "./reference";

/** The GatewayImage resource. */
export const gatewayImage = defineResource({
  kind: "GatewayImage",
  description:
    "An OCI image of a gateway or any other server, built from a folder with a Kraftfile. The same content always gives the same digest, and unchanged content is not built again.",
  inputs: imageInputs,
  outputs: imageOutputs,
  rules: [fileRule, attestationRule],
  exclusive: exclusiveRepository,
  computeInputs: (given, metro, olds) =>
    (require("./plan") as typeof import("./plan")).computeInputs(given, metro, olds),
  ...lazyLifecycle(() => (require("./lifecycle") as typeof import("./lifecycle")).lifecycle),
});
