/** What a saved VM is after a restore that failed. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { UnikernelError } from "../../../../../provider/base/errors";
import { withTemporaryFolder } from "../../../../../provider/base/files";
import { createRamFile, memoryFilesOf } from "../../../../../provider/platform/vmm/qemu/memory/files";
import { writeSavedMark } from "../../../../../provider/platform/vmm/qemu/memory/savedMark";
import { SavableVm } from "../../../../../provider/platform/vmm/qemu/savableVm";
import { QemuTimeoutError } from "../../../../../provider/platform/vmm/qemu/qmpClient";
import { MemoryLostError } from "../../../../../provider/platform/vmm/vmm";

/** A saved VM whose restore fails with this error, and the names of its files. */
async function savedVm(folder: string, error: Error): Promise<{ vm: SavableVm; files: readonly string[] }> {
  const memory = memoryFilesOf(folder);
  await createRamFile(memory, 1);
  await fs.writeFile(memory.state, "devices");
  await writeSavedMark(memory, { state: "sha256:1", withMemory: false }, [], () => undefined);
  const parts = { memory, disks: [], restore: () => Promise.reject(error), removeRunFiles: () => Promise.resolve() };
  return { vm: new SavableVm(parts, undefined), files: await fs.readdir(folder) };
}

const withCode = (code: string): Error => Object.assign(new Error(code), { code });

describe("a saved VM that cannot be restored", () => {
  for (const error of [
    new UnikernelError("NO_SPACE", "No space left."),
    new UnikernelError("QEMU_MISSING", "It is being upgraded."),
    ...["ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "ENOMEM", "EAGAIN"].map((code) => withCode(code)),
    new QemuTimeoutError("QEMU did not open its control sockets within 20000 ms."),
    new UnikernelError("VMM_FAILED", "QEMU could not start the VM", { cause: withCode("EAGAIN") }),
  ])
    it(`stays saved when this machine lacks something: ${error.message}`, () =>
      withTemporaryFolder(async (folder) => {
        const { vm, files } = await savedVm(folder, error);
        for (let attempt = 0; attempt < 2; attempt++)
          await assert.rejects(vm.resume(), (thrown) => !(thrown instanceof MemoryLostError));
        assert.equal(vm.isSaved, true);
        assert.deepEqual(await fs.readdir(folder), files);
        assert.equal((await vm.stop({ graceMs: 0 })).kind, "killed");
        assert.deepEqual(await fs.readdir(folder), []);
      }));

  it("is given up when QEMU refuses it", () =>
    withTemporaryFolder(async (folder) => {
      const { vm } = await savedVm(folder, new UnikernelError("VMM_FAILED", "load of migration failed"));
      await assert.rejects(vm.resume(), MemoryLostError);
      assert.equal((await vm.exited).kind, "killed");
      assert.deepEqual(await fs.readdir(folder), []);
    }));
});
