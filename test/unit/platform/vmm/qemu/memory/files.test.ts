import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { digestOfFile } from "../../../../../../provider/base/digest";
import { withTemporaryFolder } from "../../../../../../provider/base/files";
import {
  createRamFile,
  forgetSaved,
  memoryFilesOf,
  removeMemory,
} from "../../../../../../provider/platform/vmm/qemu/memory/files";
import {
  argumentsIn,
  loadMachine,
  saveMachine,
  specDigest,
} from "../../../../../../provider/platform/vmm/qemu/memory/machine";
import {
  findDamage,
  isMarkedSaved,
  readSavedFacts,
  writeSavedMark,
} from "../../../../../../provider/platform/vmm/qemu/memory/savedMark";
import type { VmSpec } from "../../../../../../provider/platform/vmm/vmm";

const machine = { qemuVersion: "7.2.22", args: ["-m", "size=1M"], runFolder: "/run/u", spec: "sha256:spec" };

describe("the memory files of a VM", () => {
  it("are open to their user only, and as large as the guest's memory", () =>
    withTemporaryFolder(async (folder) => {
      const files = memoryFilesOf(folder);
      await createRamFile(files, 1);
      await saveMachine(files, machine);
      await fs.writeFile(files.state, "devices", { mode: 0o600 });
      await writeSavedMark(files, { state: "sha256:1", withMemory: false }, [], () => undefined);
      assert.equal((await fs.stat(files.ram)).size, 1024 * 1024);
      for (const name of await fs.readdir(folder))
        assert.equal((await fs.stat(`${folder}/${name}`)).mode & 0o777, 0o600, name);
      const facts = await readSavedFacts(files, await loadMachine(files), []);
      assert.deepEqual(facts.mark, { state: "sha256:1", ram: facts.ram, disks: [] });
      assert.deepEqual([facts.ram.file, facts.ram.sizeBytes, facts.machine], [files.ram, 1024 * 1024, machine]);
      assert.ok(isMarkedSaved(files));
      await forgetSaved(files);
      assert.deepEqual((await fs.readdir(folder)).sort(), ["memory.json", "memory.ram"]);
      await removeMemory(files);
      assert.deepEqual(await fs.readdir(folder), []);
    }));

  it("are known to be other ones once somebody has written to the memory, or put another of its size there", () =>
    withTemporaryFolder(async (folder) => {
      const files = memoryFilesOf(folder);
      await createRamFile(files, 1);
      await saveMachine(files, machine);
      await fs.writeFile(files.state, "devices");
      const restorer = { qemuVersion: machine.qemuVersion, spec: machine.spec };
      const damage = async () => findDamage(await readSavedFacts(files, await loadMachine(files), []), restorer);
      await writeSavedMark(files, { state: await digestOfFile(files.state), withMemory: false }, [], () => undefined);
      assert.equal(await damage(), undefined);
      await fs.rename(files.ram, `${folder}/own`);
      await fs.copyFile(`${folder}/own`, files.ram);
      assert.match((await damage()) ?? "", /memory was changed while it was asleep/);
      await fs.rm(files.ram);
      await fs.copyFile(`${folder}/own`, `${folder}/another`);
      await fs.symlink(`${folder}/another`, files.ram);
      assert.match((await damage()) ?? "", /memory was changed while it was asleep/);
      await fs.rm(files.ram);
      await fs.rename(`${folder}/own`, files.ram);
      assert.equal(await damage(), undefined);
      const handle = await fs.open(files.ram, "r+");
      await handle.write(Buffer.from("x"), 0, 1, 4096);
      await handle.close();
      assert.match((await damage()) ?? "", /memory was changed while it was asleep/);
    }));

  it("bear no mark if the VM is no longer the caller's at that moment", () =>
    withTemporaryFolder(async (folder) => {
      const files = memoryFilesOf(folder);
      await createRamFile(files, 1);
      const refuse = (): void => {
        throw new Error("gone");
      };
      await assert.rejects(writeSavedMark(files, { state: "sha256:1", withMemory: false }, [], refuse), /gone/);
      assert.deepEqual(await fs.readdir(folder), ["memory.ram"]);
    }));

  it("are refused where the disk has no space for them", () =>
    withTemporaryFolder(async (folder) => {
      await assert.rejects(createRamFile(memoryFilesOf(folder), 1024 ** 3), (error) =>
        /NO_SPACE|EFBIG|EINVAL/.test(String((error as { code?: string }).code)),
      );
    }));

  it("belong to one definition: a change of a file in a ROM changes the digest", () => {
    const specOf = (text: string): VmSpec =>
      ({ roms: [{ at: "/x", files: new Map([["a", Buffer.from(text)]]) }] }) as unknown as VmSpec;
    assert.notEqual(specDigest(specOf("1")), specDigest(specOf("2")));
    assert.equal(specDigest(specOf("1")), specDigest(specOf("1")));
  });

  it("say how to start the VM with its sockets in another folder, and nothing else changed", () => {
    const args = [
      ...["-chardev", "socket,id=qmp,path=/run/user/1,,2/u/ab.qmp,server=on", "-append", "path=/run/user/1,,2/u/x"],
      ...["-netdev", "stream,id=card,server=on,addr.type=unix,addr.path=/run/user/1,,2/u/ab.nic"],
      ...["-chardev", "file,id=console,path=/state/instances/a/console.log,append=on"],
    ];
    assert.deepEqual(argumentsIn({ args, runFolder: "/run/user/1,2/u" }, "/run/user/1,2/u"), args);
    assert.deepEqual(argumentsIn({ args, runFolder: "/run/user/1,2/u" }, "/tmp/$&,u"), [
      ...["-chardev", "socket,id=qmp,path=/tmp/$&,,u/ab.qmp,server=on", "-append", "path=/run/user/1,,2/u/x"],
      ...["-netdev", "stream,id=card,server=on,addr.type=unix,addr.path=/tmp/$&,,u/ab.nic"],
      ...args.slice(-2),
    ]);
  });

  it("are not believed when they cannot be read", () =>
    withTemporaryFolder(async (folder) => {
      const files = memoryFilesOf(folder);
      assert.equal(await loadMachine(files), undefined);
      for (const text of ["", "{", "[]", '{"args":1}']) {
        await fs.writeFile(files.machine, text);
        await fs.writeFile(files.saved, text);
        assert.equal(await loadMachine(files), undefined);
        assert.equal((await readSavedFacts(files, undefined, [])).mark, undefined);
      }
    }));
});
