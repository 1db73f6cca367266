import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { detectKernelKind } from "../../../../../../provider/platform/vmm/qemu/boot/kernelKind";

function elf64(note?: { name: string; type: number }): Buffer {
  const file = Buffer.alloc(512);
  file.write("\x7fELF", 0, "latin1");
  file[4] = 2;
  if (note === undefined) return file;
  file.writeBigUInt64LE(64n, 32); // e_phoff
  file.writeUInt16LE(56, 54); // e_phentsize
  file.writeUInt16LE(1, 56); // e_phnum
  file.writeUInt32LE(4, 64); // PT_NOTE
  file.writeBigUInt64LE(256n, 72); // p_offset
  file.writeBigUInt64LE(40n, 96); // p_filesz
  file.writeUInt32LE(4, 256); // an unrelated note before it
  file.writeUInt32LE(4, 260);
  file.writeUInt32LE(6, 264);
  file.write("GNU\0", 268, "latin1");
  file.writeUInt32LE(note.name.length + 1, 276);
  file.writeUInt32LE(4, 280);
  file.writeUInt32LE(note.type, 284);
  file.write(`${note.name}\0`, 288, "latin1");
  return file;
}

function multiboot(at: number): Buffer {
  const file = Buffer.alloc(16_384);
  file.write("\x7fELF", 0, "latin1");
  file[4] = 1;
  file.writeUInt32LE(0x1badb002, at);
  return file;
}

const marked = (text: string, at: number): Buffer => {
  const file = Buffer.alloc(2048);
  file.write(text, at, "latin1");
  return file;
};

describe("a kernel's boot protocol", () => {
  let folder: string;
  before(async () => (folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-kind-"))));
  after(() => fs.rm(folder, { recursive: true }));
  const kindOf = async (content: Buffer) => {
    const file = path.join(folder, "kernel");
    await fs.writeFile(file, content);
    return detectKernelKind(file);
  };

  it("is detected from its bytes", async () => {
    assert.equal(await kindOf(elf64({ name: "Xen", type: 18 })), "pvh");
    assert.equal(await kindOf(marked("HdrS", 0x202)), "bzimage");
    assert.equal(await kindOf(multiboot(4096)), "multiboot");
    assert.equal(await kindOf(marked("ARM\x64", 0x38)), "arm64");
  });

  it("is rejected when QEMU does not support it: Firecracker kernels, misplaced magic numbers, other files", async () => {
    const unknown = [
      elf64(),
      elf64({ name: "Xen", type: 6 }),
      elf64({ name: "Xyz", type: 18 }),
      multiboot(4097),
      multiboot(8192),
      Buffer.from("#!/bin/sh\n"),
      Buffer.alloc(0),
    ];
    for (const content of unknown) await assert.rejects(kindOf(content), { code: "VMM_FAILED" });
    await assert.rejects(detectKernelKind(path.join(folder, "absent")), { code: "VMM_FAILED" });
  });
});
