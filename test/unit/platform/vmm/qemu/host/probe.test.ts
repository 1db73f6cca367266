import assert from "node:assert/strict";
import { newestQ35, parseVersion, probeFirmware } from "../../../../../../provider/platform/vmm/qemu/host/probe";

describe("the capabilities of QEMU", () => {
  it("are read from its help texts", () => {
    const help =
      "pc-q35-7.1           Standard PC\nq35                  Standard PC (Q35 + ICH9, 2009) (alias of pc-q35-7.2)\n";
    assert.equal(newestQ35(help), "pc-q35-7.2");
    assert.equal(newestQ35("virt  ARM\n"), undefined);
    assert.equal(parseVersion("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\n"), "7.2.22");
  });

  it("include an accelerator that is probed with firmware that jumps from the reset vector to its loop", () => {
    const image = probeFirmware();
    assert.equal(image.length, 65_536);
    // E9 is a near jump: 3 bytes long, relative to what follows it, within 64 KiB
    assert.equal(image[0xfff0], 0xe9);
    assert.equal((0xfff3 + image.readUInt16LE(0xfff1)) & 0xffff, 0);
  });
});
