/** Truncates the logs of running VMs. */
import type { Registry } from "../registry";
import { truncateLogs } from "./consoleLog";

/**
 * Truncates the logs of every VM that has a process, each `consoleCheckIntervalMs`, until the platform shuts down. Those of a VM that is
 * saved to the disk were truncated when it was saved.
 */
export function startConsoleRetention(registry: Registry): void {
  const { vmm, timings, log } = registry.parts;
  const truncateAll = async (): Promise<void> => {
    for (const { record, hasProcess } of registry.instances.values()) {
      try {
        if (hasProcess) await truncateLogs(vmm, record.uuid);
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
