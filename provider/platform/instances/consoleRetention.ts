/** Keeps the logs of running VMs small. */
import type { Platform } from "../registry";
import { boundConsoleLog } from "./consoleLog";

/** Looks at the logs of every VM again and again, until the platform lets go of them. */
export function keepConsoleLogsSmall(platform: Platform): void {
  const { vmm, timings, log } = platform.parts;
  const look = (): void => {
    for (const { record, usesDisks: hasVm } of platform.instances.values()) {
      try {
        if (!hasVm) continue;
        boundConsoleLog(vmm.consoleLog(record.uuid));
        vmm.boundLogs(record.uuid);
      } catch (error) {
        // They grow on; what the instance does is not touched by that.
        log.write("console.not-bounded", { uuid: record.uuid, reason: error instanceof Error ? error.message : "" });
      }
    }
  };
  const timer = setInterval(look, timings.consoleCheckMs);
  platform.released.addEventListener("abort", () => clearInterval(timer), { once: true });
}
