/** Certificate: a certificate chain and its private key, for domains of services. */
import { defineResource, lazyLifecycle } from "../../definition/resource";
import { certificateInputs } from "./inputs";
import { certificateOutputs } from "./outputs";
import { certificateRules } from "./rules";

/** The Certificate resource. */
export const certificate = defineResource({
  kind: "Certificate",
  description:
    "A certificate with its private key, for domains of services. For a domain without one, the platform obtains a certificate automatically.",
  inputs: certificateInputs,
  outputs: certificateOutputs,
  rules: certificateRules,
  ...lazyLifecycle(() => (require("./lifecycle") as typeof import("./lifecycle")).lifecycle),
});
