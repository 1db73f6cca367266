/** Truncates the logs of running VMs. */
import type { Registry } from "../registry";
import { truncateConsoleLog } from "./consoleLog";

/** Truncates the logs of every VM each `consoleCheckIntervalMs`, until the platform shuts down. */
export function startConsoleRetention(registry: Registry): void {
  const { vmm, timings, log } = registry.parts;
  const truncateAll = async (): Promise<void> => {
    for (const { record, usesDisks: hasVm } of registry.instances.values()) {
      try {
        if (!hasVm) continue;
        await truncateConsoleLog(vmm.consoleLogPath(record.uuid));
        await vmm.truncateLogs(record.uuid);
      } catch (error) {
        // The log grows until the next attempt; the instance is not affected.
        log.write("console.not-truncated", { uuid: record.uuid, reason: error instanceof Error ? error.message : "" });
      }
    }
  };
  let isTruncating = false;
  const check = async (): Promise<void> => {
    if (isTruncating) return; // a slow disk
    isTruncating = true;
    await truncateAll();
    isTruncating = false;
  };
  const timer = setInterval(() => void check(), timings.consoleCheckIntervalMs);
  registry.shutdownSignal.addEventListener("abort", () => clearInterval(timer), { once: true });
}
