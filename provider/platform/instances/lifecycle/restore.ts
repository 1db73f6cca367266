/** Continues with an instance where the daemon before was killed. */
import type { Log } from "../../log";
import type { Vmm, VmSpec } from "../../vmm/vmm";
import type { Instance } from "../instance";
import { isTemplateOrCheckpoint } from "../update/templates";

/** What a restore needs. */
export interface RestoreParts {
  readonly vmm: Pick<Vmm, "adopt" | "postMortem">;
  readonly log: Log;
  /** The specification of the VM that the instance had. */
  readonly specOf: (instance: Instance) => VmSpec;
}

/** Adopts the VM of an instance, or records how it ended, and continues what was in progress. Throws what the VMM throws. */
export async function restoreInstance(instance: Instance, { vmm, log, specOf }: RestoreParts): Promise<void> {
  const { record } = instance;
  const { uuid, name, status } = record;
  const isUp = status.state !== "stopped" && !isTemplateOrCheckpoint(status.state);
  const mayRun = isUp || status.deleting || status.snapshotUuid !== undefined;
  const vm = mayRun ? await vmm.adopt(specOf(instance)) : undefined;
  if (vm !== undefined) {
    log.write("instance.adopted", { uuid, name, pid: vm.pid, saved: vm.isSaved });
    instance.adoptVm(vm);
  }
  if (status.deleting) {
    void instance.request("delete").catch(() => undefined); // the instance logs errors; not awaited, because a guest may shut down slowly
  } else if (vm === undefined) {
    const keptMemory = record.definition.scaleToZero?.stateful === true || status.snapshotUuid !== undefined;
    const isStandbyWithoutVm = status.state === "standby" && !keptMemory;
    if (mayRun && !isStandbyWithoutVm) instance.handleLostVm(await vmm.postMortem(uuid));
    else instance.resumePendingWork();
  }
}
