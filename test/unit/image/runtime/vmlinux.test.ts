import assert from "node:assert/strict";
import { extractVmlinux } from "../../../../provider/image/runtime/vmlinux";

/** A bzImage of one setup sector whose payload begins 16 bytes into the protected-mode code. */
function bzImage(content: Buffer, magic = [0x02, 0x21, 0x4c, 0x18]): Buffer {
  const block = Buffer.concat([Buffer.from([content.length << 4]), content]);
  const word = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const payload = Buffer.concat([Buffer.from(magic), word(block.length), block, word(content.length)]);
  const file = Buffer.alloc(2 * 512 + 16 + payload.length + 100);
  file[0x1f1] = 1;
  file.write("HdrS", 0x202, "latin1");
  file.writeUInt32LE(16, 0x248);
  file.writeUInt32LE(payload.length, 0x24c);
  payload.copy(file, 1024 + 16);
  return file;
}
const unavailable = { code: "RUNTIME_UNAVAILABLE" };

describe("the kernel in a bzImage", () => {
  it("is found and unpacked", () => {
    const elf = Buffer.from("\x7fELFkernel", "latin1");
    assert.deepEqual(extractVmlinux(bzImage(elf)), elf);
  });

  it("is rejected in a file of another format, compression or type, or if truncated", () => {
    const elf = Buffer.from("\x7fELFkernel", "latin1");
    assert.throws(() => extractVmlinux(Buffer.alloc(4096)), unavailable);
    assert.throws(() => extractVmlinux(bzImage(elf, [0x1f, 0x8b, 8, 0])), unavailable);
    assert.throws(() => extractVmlinux(bzImage(Buffer.from("no kernel"))), unavailable);
    assert.throws(() => extractVmlinux(bzImage(elf).subarray(0, 1050)), unavailable);
  });
});
