/** Certificate: chain and key for domains of services. */
import { defineResource, lazyLifecycle } from "../../definition/resource";
import { certificateInputs } from "./inputs";
import { certificateOutputs } from "./outputs";
import { certificateRules } from "./rules";

/** The Certificate resource. */
export const certificate = defineResource({
  kind: "Certificate",
  description:
    "A certificate with its key, for domains of services. Without one, the platform has certificates issued for such domains by itself.",
  inputs: certificateInputs,
  outputs: certificateOutputs,
  rules: certificateRules,
  ...lazyLifecycle(() => (require("./lifecycle") as typeof import("./lifecycle")).lifecycle),
});
