/** Volume: a disk that outlives instances. */
import { defineResource, lazyLifecycle } from "../../definition/resource";
import { volumeInputs } from "./inputs";
import { volumeOutputs } from "./outputs";
import { volumeQuotaUsage, volumeRules } from "./rules";

/** The Volume resource. */
export const volume = defineResource({
  kind: "Volume",
  description: "A persistent disk in one metro. It outlives the instances that mount it.",
  inputs: volumeInputs,
  outputs: volumeOutputs,
  rules: volumeRules,
  quotaUsage: volumeQuotaUsage,
  ...lazyLifecycle(() => (require("./lifecycle") as typeof import("./lifecycle")).lifecycle),
});
