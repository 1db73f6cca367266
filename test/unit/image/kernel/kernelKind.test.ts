import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { detectKernelKind } from "../../../../provider/image/kernel/kernelKind";
import { elf64, multibootKernelFile as multiboot } from "../../../support/kernelFiles";

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
