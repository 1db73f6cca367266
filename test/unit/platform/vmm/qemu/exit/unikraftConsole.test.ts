import assert from "node:assert/strict";
import { findCrash, findFailedExecution } from "../../../../../../provider/platform/vmm/qemu/exit/unikraftConsole";

describe("the console of a Unikraft kernel", () => {
  for (const [line, notice] of [
    ["[libukrandom] Could not initialize the HWRNG (-95)", /QEMU 8/],
    ["[    0.1] Warn: [libukrandom_lcpu] <init.c @   28> Could not initialize the HWRNG (-95)", /QEMU 8/],
    [
      "CRIT: [libkvmplat] <traps.c @ 75> Unhandled Trap 13 (general protection), error code=0x0",
      /trap 13 \(general protection\)$/,
    ],
    ["CRIT: Unhandled Trap 30 (x), error code=0x0", /trap 30$/],
    ["page fault at 0x18, error code=0x2", /page fault/],
    ["Page fault at linear address 18, rip 10", /page fault/],
    ["CRIT: Assertion failure: mr_prio == 0 || ml_prio == 0", /lack of memory/],
    ["Failed to extract cpio archive", /lack of memory/],
    ["Assertion failure: x", /assertion/],
    ["invalid opcode", /invalid opcode/],
    ["[    0.2] CRIT: [libkvmplat] <traps.c @ 81> Crashing", /^the kernel crashed$/],
    ["[libukboot] Init function at 0x10f4a0 returned error -1", /error -1/],
  ] as const) {
    it(`explains '${line}'`, () => {
      const crash = findCrash(`Booting\r\n${line}\r\nafterwards\r\n`);
      assert.equal(crash?.detail, line);
      assert.match(crash?.notice ?? "", notice);
    });
  }

  it("explains the most telling line, wherever it is", () => {
    const console = "Could not open x\nCRIT: Crashing\nCRIT: Unhandled Trap 6 (invalid opcode), error code=0x0\n";
    assert.match(findCrash(console)?.notice ?? "", /trap 6/);
    assert.equal(findCrash("all is well\n"), undefined);
  });

  it("tells that the program could not be executed, and never quotes what the guest wrote", () => {
    const notice = (line: string): string | undefined => findFailedExecution(`x\r\n${line}\r\n`)?.notice;
    assert.match(notice("Failed to execute /a: No such file or directory") ?? "", /program: no such file/);
    assert.match(
      notice("[ 0.1] ERR:  [appelfloader] <main.c @ 9> Failed to execute /a: Exec format error (8)") ?? "",
      /exec format error$/,
    );
    assert.equal(notice("Failed to execute /a: my secret"), "the kernel could not execute the program");
    assert.equal(notice("I say: Failed to execute /a: No such file or directory"), undefined);
    assert.doesNotMatch(findCrash("Assertion failure: secret")?.notice ?? "", /secret/);
  });
});
