/** Refuses scheduled commands of instances whose kernel can run none. */
import type { Schedule } from "../../../contract/models";
import { ApiItemError } from "../../errors";
import type { Registry } from "../../registry";
import type { BootLayer } from "../bootFiles";

/**
 * Throws `NotSupported` if a schedule has a command and a guest with this kernel can run none. Unpacks the layers, which include
 * the kernel, if it has to look.
 */
export async function assertRunsCommands(
  registry: Registry,
  schedules: readonly Schedule[],
  kernelDigest: string,
  layers: readonly BootLayer[],
): Promise<void> {
  const schedule = schedules.find(({ action }) => action === "exec");
  if (schedule === undefined) return;
  const { bootFiles, parts } = registry;
  await bootFiles.withUnpacked(layers, () => undefined);
  const obstacle = await parts.vmm.findCommandObstacle(bootFiles.pathOf(kernelDigest)).catch(() => undefined); // the start will tell
  if (obstacle === undefined) return;
  const message = `Schedule '${schedule.name}': no command can be run in the instance, because ${obstacle}`;
  throw new ApiItemError("NotSupported", message);
}
