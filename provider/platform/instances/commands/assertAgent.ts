/** Refuses what needs an agent in the guest, for instances whose kernel has none. */
import { agentViolations } from "../../../image/kernel/agentRules";
import { ApiItemError } from "../../errors";
import type { Registry } from "../../registry";
import type { InstanceDefinition } from "../../store/instances";
import type { BootLayer } from "../bootFiles";

/**
 * Throws `NotSupported` if the instance has scheduled commands or a notice before standby, and a guest with its kernel has no agent.
 * Unpacks the layers, which include the kernel, if it has to look.
 */
export async function assertAgent(
  registry: Registry,
  definition: Pick<InstanceDefinition, "schedules" | "scaleToZero" | "kernelDigest">,
  layers: readonly BootLayer[],
): Promise<void> {
  const { schedules, scaleToZero, kernelDigest } = definition;
  const violationsWith = (obstacle: string) =>
    agentViolations({ schedules, notifyTimeMs: noticeOf(scaleToZero) }, obstacle);
  if (violationsWith("").length === 0) return;
  const { bootFiles, parts } = registry;
  await bootFiles.withUnpacked(layers, () => undefined);
  const obstacle = await parts.vmm.findAgentObstacle(bootFiles.pathOf(kernelDigest)).catch(() => undefined); // the start will tell
  const [first] = obstacle === undefined ? [] : violationsWith(obstacle);
  if (first !== undefined) throw new ApiItemError("NotSupported", `${first.message} ${first.hint}`);
}

/** How long before standby the program is warned, in milliseconds; 0: not at all. */
const noticeOf = (scaleToZero: InstanceDefinition["scaleToZero"]): number =>
  scaleToZero === undefined || scaleToZero.policy === "off" ? 0 : (scaleToZero.notify_time_ms ?? 0);
