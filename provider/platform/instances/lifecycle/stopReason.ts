/**
 * Maps the exit of a VM to the API's stop_reason bits, stop_code and exit_code. Pure. Source: the cloud's
 * documentation.
 */
import { STOP_REASON } from "../../../contract/codes";
import type { VmExit } from "../../vmm/vmm";

/** Reasons in the low byte of `stop_code`. */
const OK = 0;
const EXPLICIT_CRASH = 1;
const MATH = 2;
const INVALID_OPERATION = 3;
const PAGE_FAULT = 4;
const SEGMENTATION_FAULT = 5;
const HARDWARE_ERROR = 6;
const SECURITY_VIOLATION = 7;

/** Shutdown through the term table, level 1: reported for an orderly shutdown. */
const ORDERLY_SHUTDOWN = 0x8100;
/** Init table, level 127: reported for crashes of a running program. */
const RUNNING_PROGRAM = 0x7f00;
const ENOENT = 2;
const ENOMEM = 12;

/** The fields of an instance that report how it stopped. */
export interface StopFacts {
  /** Bits of {@link STOP_REASON}. */
  readonly stopReason: number;
  /** Bits 0 to 7: the reason; 8 to 15: in which init or shutdown step the guest ended; from 16: an errno. */
  readonly stopCode: number;
  /** 0 to 255; `undefined` unless the guest's program exited and its kernel reported the code. */
  readonly exitCode: number | undefined;
  /** What happened in words, and what to do, without a quote of the console; `undefined` if the code tells as much. */
  readonly stopNotice: string | undefined;
}

/** The stop that the platform requested before the VM exited, if any. */
export interface StopRequest {
  /** `undefined`: nobody; the guest stopped by itself. */
  readonly requestedBy: "user" | "scale-to-zero" | undefined;
  /** True: without a grace period. */
  readonly forced: boolean;
}

/** Stop facts of a VM that exited. */
export function stopFacts(exit: VmExit, stopRequest: StopRequest): StopFacts {
  const cause =
    (stopRequest.requestedBy === "user" ? STOP_REASON.User | STOP_REASON.Platform : 0) |
    (stopRequest.requestedBy === "scale-to-zero" ? STOP_REASON.ScaleToZero | STOP_REASON.Platform : 0) |
    (stopRequest.requestedBy !== undefined && (stopRequest.forced || exit.kind === "killed") ? STOP_REASON.Forced : 0);
  switch (exit.kind) {
    case "exited":
      return {
        stopReason: cause | STOP_REASON.Kernel | STOP_REASON.Application,
        stopCode: ORDERLY_SHUTDOWN | OK,
        exitCode: exit.exitCode === undefined ? undefined : exit.exitCode & 0xff,
        stopNotice: undefined,
      };
    case "panicked":
      return {
        stopReason: cause | STOP_REASON.Kernel,
        stopCode: RUNNING_PROGRAM | crashReason(exit.detail),
        exitCode: undefined,
        stopNotice: exit.notice,
      };
    case "killed":
      return { stopReason: cause, stopCode: 0, exitCode: undefined, stopNotice: undefined };
  }
}

/** Stop facts of an instance whose VM could not be started. */
export const startFailed: StopFacts = {
  stopReason: STOP_REASON.Platform,
  stopCode: 0,
  exitCode: undefined,
  stopNotice: undefined,
};

/**
 * Stop facts of an instance that was stopped through the API while no guest ran: in standby, suspended, or before its
 * VM started.
 */
export const stoppedWithoutGuest: StopFacts = {
  stopReason: STOP_REASON.User | STOP_REASON.Platform | STOP_REASON.Kernel,
  stopCode: 0,
  exitCode: undefined,
  stopNotice: undefined,
};

/** Stop facts of a stateful standby: the guest is paused and has not exited. */
export const pausedForStandby: StopFacts = {
  stopReason: STOP_REASON.ScaleToZero | STOP_REASON.Platform,
  stopCode: 0,
  exitCode: undefined,
  stopNotice: undefined,
};

/** Crash reasons by the signal number in a kernel's "Attempted to kill init" line. */
const CRASH_BY_SIGNAL: Readonly<Record<number, number>> = {
  4: INVALID_OPERATION,
  7: HARDWARE_ERROR,
  8: MATH,
  11: SEGMENTATION_FAULT,
};

/** Crash reasons by the number in Unikraft's line "Unhandled Trap". Source: Intel 64 and IA-32 manual, volume 3, table 6-1. */
const CRASH_BY_TRAP: Readonly<Record<number, number>> = {
  0: MATH,
  6: INVALID_OPERATION,
  7: MATH,
  8: HARDWARE_ERROR,
  11: SEGMENTATION_FAULT,
  12: SEGMENTATION_FAULT,
  13: SEGMENTATION_FAULT,
  14: PAGE_FAULT,
  16: MATH,
  17: HARDWARE_ERROR,
  18: HARDWARE_ERROR,
  19: MATH,
  21: SECURITY_VIOLATION,
};

function crashReason(detail: string): number {
  const trap = /Unhandled Trap (\d+)/.exec(detail)?.[1];
  if (trap !== undefined) return CRASH_BY_TRAP[Number(trap)] ?? EXPLICIT_CRASH;
  if (/Failed to extract cpio archive/.test(detail)) return (ENOMEM << 16) | EXPLICIT_CRASH;
  if (/Failed to execute .*No such file or directory/.test(detail)) return (ENOENT << 16) | EXPLICIT_CRASH;
  if (/out of memory|oom/i.test(detail)) return (ENOMEM << 16) | PAGE_FAULT;
  const killedInit = /exitcode=0x([0-9a-f]+)/i.exec(detail)?.[1];
  if (killedInit !== undefined) return CRASH_BY_SIGNAL[Number.parseInt(killedInit, 16) & 0x7f] ?? EXPLICIT_CRASH;
  if (/page fault|paging request|null pointer/i.test(detail)) return PAGE_FAULT;
  if (/divide error/i.test(detail)) return MATH;
  if (/invalid opcode/i.test(detail)) return INVALID_OPERATION;
  return EXPLICIT_CRASH;
}

/** True when neither a user nor the platform requested the stop. */
export const isGuestInitiated = (facts: Pick<StopFacts, "stopReason">): boolean =>
  (facts.stopReason & (STOP_REASON.User | STOP_REASON.Platform)) === 0;

/** True when the guest stopped by itself, and not because its program exited with 0 or, without a code, in order. */
export const isCrash = (facts: StopFacts): boolean =>
  isGuestInitiated(facts) &&
  ((facts.stopReason & STOP_REASON.Application) === 0 || (facts.exitCode ?? 0) !== 0 || (facts.stopCode & 0xff) !== OK);
