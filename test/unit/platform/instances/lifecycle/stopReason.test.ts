import assert from "node:assert/strict";
import { describeStop } from "../../../../../provider/client/errors/stopReason";
import { restartBackoffMs, shouldRestart } from "../../../../../provider/platform/instances/lifecycle/restartPolicy";
import { isCrash, startFailed, stopFacts } from "../../../../../provider/platform/instances/lifecycle/stopReason";
import type { VmExit } from "../../../../../provider/platform/vmm/vmm";

const clean: VmExit = { kind: "exited", exitCode: 0 };
const failed: VmExit = { kind: "exited", exitCode: 1 };
const killed: VmExit = { kind: "killed", detail: "" };
const panic = (detail: string): VmExit => ({ kind: "panicked", detail });
const nobody = { requestedBy: undefined, forced: false } as const;
const user = { requestedBy: "user", forced: false } as const;
const force = { requestedBy: "user", forced: true } as const;
const sleep = { requestedBy: "scale-to-zero", forced: false } as const;

describe("the stop reason", () => {
  // Values and meanings: the cloud's documentation of stop_reason.
  const documented: [what: string, exit: VmExit, request: Parameters<typeof stopFacts>[1], reason: number][] = [
    ["a kernel crash", panic(""), nobody, 1],
    ["a program that ended by itself", clean, nobody, 3],
    ["a user stop without a report of the program", panic(""), user, 13],
    ["a clean user stop", clean, user, 15],
    ["a forced user stop", killed, force, 28],
    ["a forced stop whose guest still reported", clean, force, 31],
    ["a clean scale-to-zero stop", clean, sleep, 39],
    ["a stop that ended in a kill", killed, user, 28],
    ["a VM that something else killed", killed, nobody, 0],
  ];
  for (const [what, exit, request, reason] of documented) {
    it(`matches the cloud's documentation: ${reason} for ${what}`, () =>
      assert.equal(stopFacts(exit, request).stopReason, reason));
  }

  it("comes with the exit code of the program, in one byte", () => {
    assert.equal(stopFacts({ kind: "exited", exitCode: 7 }, nobody).exitCode, 7);
    assert.equal(stopFacts({ kind: "exited", exitCode: -1 }, nobody).exitCode, 255);
    assert.equal(stopFacts(killed, force).exitCode, undefined);
  });

  it("has the documented code for an orderly end and for running out of memory", () => {
    assert.equal(stopFacts(clean, user).stopCode, 33024);
    assert.equal(stopFacts(panic("Kernel panic - not syncing: Out of memory"), nobody).stopCode, 818948);
  });

  it("distinguishes crashes by the kernel's message", () => {
    const kind = (detail: string): number => stopFacts(panic(detail), nobody).stopCode & 0xff;
    assert.equal(kind("Attempted to kill init! exitcode=0x0000000b"), 5);
    assert.equal(kind("Attempted to kill init! exitcode=0x00000008"), 2);
    assert.equal(kind("Attempted to kill init! exitcode=0x00000100"), 1);
    assert.equal(kind("unable to handle page fault for address"), 4);
    assert.equal(kind("anything else"), 1);
  });

  it("distinguishes crashes of Unikraft by the trap, and reports a program that does not exist with its errno", () => {
    const code = (detail: string): number => stopFacts(panic(detail), nobody).stopCode;
    const trap = (number: number): number => code(`CRIT: Unhandled Trap ${number} (x), error code=0x0`) & 0xff;
    assert.deepEqual([0, 3, 6, 13, 14, 18, 19, 21].map(trap), [2, 1, 3, 5, 4, 6, 2, 7]);
    assert.equal(code("Failed to execute /nosuch: No such file or directory") >> 16, 2);
    assert.equal(code("Failed to extract cpio archive") >> 16, 12);
  });

  it("comes with a notice in words, which users get instead of the general sentence", () => {
    const facts = stopFacts({ kind: "panicked", detail: "x", notice: "the kernel needs more" }, nobody);
    assert.equal(facts.stopNotice, "the kernel needs more");
    assert.equal(
      describeStop({ stop_reason: 1, stop_code: facts.stopCode, stop_notice: facts.stopNotice }),
      "the kernel needs more",
    );
    assert.equal(stopFacts(clean, nobody).stopNotice, undefined);
  });

  it("is decoded by the client as it was encoded", () => {
    const words = (exit: VmExit, request: Parameters<typeof stopFacts>[1]): string => {
      const { stopReason, stopCode, exitCode } = stopFacts(exit, request);
      return describeStop({ stop_reason: stopReason, stop_code: stopCode, exit_code: exitCode });
    };
    assert.match(words(failed, nobody), /exited with code 1/);
    assert.match(words(panic("out of memory"), nobody), /crashed.*out of memory/);
    assert.match(words(killed, force), /by force/);
    assert.match(words(clean, sleep), /scaled to zero/);
  });
});

describe("the restart policy", () => {
  const restarts = (exit: VmExit, request = nobody as Parameters<typeof stopFacts>[1]) =>
    (["never", "on-failure", "always"] as const).filter((policy) => shouldRestart(policy, stopFacts(exit, request)));

  it("restarts by the cause inside the guest", () => {
    assert.deepEqual(restarts(clean), ["always"]);
    for (const exit of [failed, killed, panic("")]) assert.deepEqual(restarts(exit), ["on-failure", "always"]);
  });

  it("never restarts what the platform or the user stopped, or what could not start", () => {
    for (const exit of [clean, failed, killed, panic("")]) {
      for (const request of [user, force, sleep]) assert.deepEqual(restarts(exit, request), []);
    }
    assert.equal(shouldRestart("always", startFailed), false);
    assert.equal(isCrash(startFailed), false);
  });

  it("backs off by 0, 5, 10, 20, 40 seconds, up to 5 minutes", () => {
    const timings = { restartBackoffMs: 5_000, restartBackoffMaxMs: 300_000 };
    const pauses = [1, 2, 3, 4, 5, 8, 9, 50].map((attempt) => restartBackoffMs(attempt, timings) / 1000);
    assert.deepEqual(pauses, [0, 5, 10, 20, 40, 300, 300, 300]);
  });
});
