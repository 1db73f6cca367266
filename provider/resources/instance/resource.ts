/** Instance: one unikernel virtual machine. */
import { defineResource, lazyLifecycle } from "../../definition/resource";
import { secondsToMs } from "../common/migrations";
import { dropScaleToZeroDefaults, renameTapName } from "../workload/migrations";
import { instanceInputs } from "./inputs";
import { instanceOutputs } from "./outputs";
import { instanceQuotaUsage, instanceRules } from "./rules";
import { canTakeOver, describeTakeOver, restartReplaces } from "./takeOver";

/** The Instance resource. */
export const instance = defineResource({
  kind: "Instance",
  description:
    "A unikernel virtual machine. For a public server, prefer a Service, which updates its replicas without downtime.",
  inputs: instanceInputs,
  outputs: instanceOutputs,
  migrations: [secondsToMs("prepareTemplate", { timeoutSeconds: "timeoutMs" }), dropScaleToZeroDefaults, renameTapName],
  rules: instanceRules,
  quotaUsage: instanceQuotaUsage,
  // Two instances cannot hold these at the same time.
  deleteBeforeReplace: (news, olds) => {
    const { volumes, serviceGroup, networkInterfaces } = news;
    if (canTakeOver(olds, news)) return false;
    return (
      [volumes, networkInterfaces].some((list) => Array.isArray(list) && list.length > 0) ||
      claimsUniqueName(serviceGroup)
    );
  },
  describeReplacement: describeTakeOver,
  restartReplaces,
  ...lazyLifecycle(() => (require("./lifecycle") as typeof import("./lifecycle")).lifecycle),
});

/** True for a group with a name or domains, which only one group can have. */
function claimsUniqueName(serviceGroup: unknown): boolean {
  const { name, domains } = (serviceGroup ?? {}) as { name?: unknown; domains?: unknown };
  return name !== undefined || (Array.isArray(domains) && domains.length > 0);
}
