/** The second monitor of an instance's QEMU, which is there for people; the daemon has the first one. */
import { UnikernelError } from "../../../base/errors";
import { localPaths } from "../../../base/localPaths";
import type { VmFiles } from "../../../platform/vmm/qemu/files";
import { isSuspended } from "../../../platform/vmm/qemu/host/process";
import { findRunningVm } from "../../../platform/vmm/qemu/identity";
import { QmpClient } from "../../../platform/vmm/qemu/qmpClient";
import { requireLocal } from "../client";
import { selectByWords } from "./select";

/** An instance whose VM runs, and a connection to the monitor of that VM. */
export interface InstanceMonitor {
  readonly name: string;
  readonly files: VmFiles;
  readonly qmp: QmpClient;
}

/**
 * Opens the monitor of the instance that the words name. The caller closes `qmp`; only one client at a time is served.
 *
 * Throws `INPUT_INVALID` unless the words name one instance, `NOT_FOUND`, `GUEST_STOPPED` if it has no VM or one that is suspended, and
 * `VMM_FAILED` if QEMU does not respond, as while another command uses the monitor.
 */
export async function openMonitor(words: readonly string[]): Promise<InstanceMonitor> {
  const { client } = await requireLocal();
  const selected = selectByWords(words, (await client.getInstances({})).items, { kind: "instance" });
  const [instance] = selected;
  if (instance === undefined || selected.length > 1) {
    throw new UnikernelError("INPUT_INVALID", `${selected.length} instances are named; this command takes one.`);
  }
  const { uuid, name, state } = instance;
  const vm = await findRunningVm(localPaths(), uuid);
  if (vm === undefined) {
    const described = state === "standby" ? "in standby" : (state ?? "stopped");
    throw new UnikernelError("GUEST_STOPPED", `Instance '${name}' is ${described} and has no VM.`, {
      hint: `Start it with 'npx unikernel local start ${name}'.`,
    });
  }
  if (await isSuspended(vm.identity.pid)) {
    throw new UnikernelError("GUEST_STOPPED", `Instance '${name}' sleeps, and so does its QEMU.`, {
      hint: `Wake it with 'npx unikernel local start ${name}'.`,
    });
  }
  return { name, files: vm.files, qmp: await QmpClient.connect(vm.files.monitorSocket) };
}
