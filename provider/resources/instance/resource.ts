/** Instance: one unikernel virtual machine. */
import { defineResource, lazyLifecycle } from "../../definition/resource";
import { secondsToMs } from "../common/migrations";
import { deletedOnStop, instanceInputs } from "./inputs";
import { instanceOutputs } from "./outputs";
import { instanceQuotaUsage, instanceRules } from "./rules";

/** The Instance resource. */
export const instance = defineResource({
  kind: "Instance",
  description:
    "A unikernel virtual machine. One that serves the public belongs into a Service, which also updates it without a gap.",
  inputs: instanceInputs,
  outputs: instanceOutputs,
  migrations: [secondsToMs("prepareTemplate", { timeoutSeconds: "timeoutMs" })],
  rules: instanceRules,
  quotaUsage: instanceQuotaUsage,
  // What one instance holds, its successor cannot have at the same time.
  deleteBeforeReplace: ({ volumes, serviceGroup, networkInterfaces }) =>
    [volumes, networkInterfaces].some((held) => Array.isArray(held) && held.length > 0) ||
    claimsUniqueName(serviceGroup),

  deletedOnStop,
  ...lazyLifecycle(() => (require("./lifecycle") as typeof import("./lifecycle")).lifecycle),
});

/** A group's name and its domains belong to one group at a time. */
function claimsUniqueName(serviceGroup: unknown): boolean {
  const { name, domains } = (serviceGroup ?? {}) as { name?: unknown; domains?: unknown };
  return name !== undefined || (Array.isArray(domains) && domains.length > 0);
}
