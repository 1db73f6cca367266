/** Volume: a disk that outlives instances. */
import { defineResource, lazyLifecycle } from "../../definition/resource";
import { volumeInputs, volumeRules } from "./inputs";
import { volumeOutputs } from "./outputs";

/** The Volume resource. */
export const volume = defineResource({
  kind: "Volume",
  description: "A persistent disk. It belongs to one metro and outlives the instances that mount it.",
  inputs: volumeInputs,
  outputs: volumeOutputs,
  rules: volumeRules,

  quotaUsage({ sizeMb, quotaPolicy, template, cloneFrom }) {
    // Of a dynamic one only what is used counts, which is nothing yet; one that is made from another has that one's policy.
    const isReserved = quotaPolicy === "static" || (quotaPolicy ?? template ?? cloneFrom) === undefined;
    return { volumes: 1, ...(typeof sizeMb === "number" && isReserved ? { total_volume_mb: sizeMb } : {}) };
  },

  ...lazyLifecycle(() => (require("./lifecycle") as typeof import("./lifecycle")).lifecycle),
});
