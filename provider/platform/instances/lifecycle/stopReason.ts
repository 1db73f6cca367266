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

/** Shutdown through the term table, level 1: reported for an orderly shutdown. */
const ORDERLY_SHUTDOWN = 0x8100;
/** Init table, level 127: reported for crashes of a running program. */
const RUNNING_PROGRAM = 0x7f00;
const ENOMEM = 12;

/** The fields of an instance that report how it stopped. */
export interface StopFacts {
  /** Bits of {@link STOP_REASON}. */
  readonly stopReason: number;
  /** Bits 0 to 7: the reason; 8 to 15: in which init or shutdown step the guest ended; from 16: an errno. */
  readonly stopCode: number;
  /** 0 to 255; `undefined` unless the guest's program exited. */
  readonly exitCode: number | undefined;
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
      };
    case "panicked":
      return {
        stopReason: cause | STOP_REASON.Kernel,
        stopCode: RUNNING_PROGRAM | crashReason(exit.detail),
        exitCode: undefined,
      };
    case "killed":
      return { stopReason: cause, stopCode: 0, exitCode: undefined };
  }
}

/** Stop facts of an instance whose VM could not be started. */
export const startFailed: StopFacts = { stopReason: STOP_REASON.Platform, stopCode: 0, exitCode: undefined };

/**
 * Stop facts of an instance that was stopped through the API while no guest ran: in standby, suspended, or before its
 * VM started.
 */
export const stoppedWithoutGuest: StopFacts = {
  stopReason: STOP_REASON.User | STOP_REASON.Platform | STOP_REASON.Kernel,
  stopCode: 0,
  exitCode: undefined,
};

/** Stop facts of a stateful standby: the guest is paused and has not exited. */
export const pausedForStandby: StopFacts = {
  stopReason: STOP_REASON.ScaleToZero | STOP_REASON.Platform,
  stopCode: 0,
  exitCode: undefined,
};

/** Crash reasons by the signal number in a kernel's "Attempted to kill init" line. */
const CRASH_BY_SIGNAL: Readonly<Record<number, number>> = {
  4: INVALID_OPERATION,
  7: HARDWARE_ERROR,
  8: MATH,
  11: SEGMENTATION_FAULT,
};

function crashReason(detail: string): number {
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
