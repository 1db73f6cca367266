/** Keeps the logs of running VMs small. */
import type { Registry } from "../registry";
import { truncateConsoleLog } from "./consoleLog";

/** Looks at the logs of every VM again and again, until the platform lets go of them. */
export function startConsoleRetention(registry: Registry): void {
  const { vmm, timings, log } = registry.parts;
  const truncateAll = (): void => {
    for (const { record, usesDisks: hasVm } of registry.instances.values()) {
      try {
        if (!hasVm) continue;
        truncateConsoleLog(vmm.consoleLogPath(record.uuid));
        vmm.truncateLogs(record.uuid);
      } catch (error) {
        // They grow on; what the instance does is not touched by that.
        log.write("console.not-bounded", { uuid: record.uuid, reason: error instanceof Error ? error.message : "" });
      }
    }
  };
  const timer = setInterval(truncateAll, timings.consoleCheckIntervalMs);
  registry.shutdownSignal.addEventListener("abort", () => clearInterval(timer), { once: true });
}
