/** Service: published ports, with replicas of a template that are updated without downtime. */
import { defineResource, lazyLifecycle } from "../../definition/resource";
import { dropScaleToZeroDefaults, inTemplate, renameTapName } from "../workload/migrations";
import { serviceInputs } from "./inputs";
import { serviceOutputs } from "./outputs";
import { secondsToMs } from "../common/migrations";
import { healthToGate } from "./rollout/migrations";
import { rolloutPeak } from "./rollout/quota/peak";
import { holdsExclusiveResource, serviceQuotaUsage, serviceRules } from "./rules";

/** The Service resource. */
export const service = defineResource({
  kind: "Service",
  description:
    "Published ports with replicas of a template behind them. When the template changes, a rolling update replaces the replicas without downtime.",
  inputs: serviceInputs,
  outputs: serviceOutputs,
  migrations: [
    secondsToMs("rollout", {
      stableForSeconds: "stableForMs",
      healthyWithinSeconds: "healthyWithinMs",
      drainTimeoutSeconds: "drainTimeoutMs",
    }),
    inTemplate(dropScaleToZeroDefaults),
    inTemplate(renameTapName),
    healthToGate,
  ],
  rules: serviceRules,
  quotaUsage: serviceQuotaUsage,
  updatePeak: rolloutPeak,
  deleteBeforeReplace: holdsExclusiveResource,
  ...lazyLifecycle(() => (require("./lifecycle") as typeof import("./lifecycle")).lifecycle),
});
