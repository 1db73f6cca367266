/**
 * A VM whose memory is in a file. It runs in one QEMU process after the other: saving ends the process, resuming starts the
 * next one. Its owner sees one VM.
 */
import * as fs from "node:fs";
import type * as net from "node:net";
import { errorMessage, fromSystemError, hasErrorCode, UnikernelError } from "../../../base/errors";
import type { VmLink } from "../../network/frameStream";
import {
  type ConnectOptions,
  type GuestClockState,
  type GuestCommand,
  type ControlFileState,
  MemoryLostError,
  UNWRITTEN_CONTROL_FILES,
  type NoticeResult,
  type Vm,
  type VmDisk,
  type VmExit,
  type VmUsage,
} from "../vmm";
import { forgetSaved, type MemoryFiles, removeMemory, syncFile } from "./memory/files";
import { writeSavedMark } from "./memory/savedMark";
import { QemuTimeoutError } from "./qmpClient";
import type { QemuVm } from "./vm";

/** What a {@link SavableVm} is made of. */
export interface SavableVmParts {
  readonly memory: MemoryFiles;
  readonly disks: readonly VmDisk[];
  /**
   * Starts the next process, with the saved devices loaded, paused. Throws if that fails; no process is left then. What is saved is given up,
   * unless {@link mayPass} says that this machine is the reason.
   */
  readonly restore: () => Promise<QemuVm>;
  /** Removes the sockets and the identity of a process that has ended. */
  readonly removeRunFiles: () => Promise<void>;
}

/** A VM that can be saved. */
export class SavableVm implements Vm {
  readonly unsavable = undefined;
  readonly started: Promise<void>;
  readonly exited: Promise<VmExit>;
  readonly #parts: SavableVmParts;
  readonly #onStarted: () => void;
  readonly #onExited: (exit: VmExit) => void;
  /** `undefined` while it is saved, and once it has ended. */
  #process: QemuVm | undefined;
  /** CPU time of the processes that have ended. */
  #earlierCpuMs = 0;
  #link: VmLink | undefined;
  #onControlFilesChanged: () => void = () => undefined;
  #hasEnded = false;
  #isDisconnected = false;

  /** @param running its process; `undefined`: it is saved */
  constructor(parts: SavableVmParts, running: QemuVm | undefined) {
    this.#parts = parts;
    ({ promise: this.started, resolve: this.#onStarted } = Promise.withResolvers<void>());
    ({ promise: this.exited, resolve: this.#onExited } = Promise.withResolvers<VmExit>());
    if (running === undefined) this.#onStarted();
    else this.#follow(running);
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get link(): VmLink | undefined {
    return this.#link;
  }

  get isSaved(): boolean {
    return this.#process === undefined;
  }

  connect(guestPort: number, options: ConnectOptions): Promise<net.Socket | undefined> {
    return this.#process?.connect(guestPort, options) ?? Promise.reject(vmmError("The VM is saved."));
  }

  async probePort(guestPort: number, signal: AbortSignal): Promise<boolean> {
    return (await this.#process?.probePort(guestPort, signal)) ?? false;
  }

  async pause(): Promise<void> {
    await this.#process?.pause();
  }

  async save(signal: AbortSignal): Promise<boolean> {
    const running = this.#process;
    if (running === undefined) return true;
    const { memory, disks, removeRunFiles } = this.#parts;
    let cpuTimeMs: number;
    try {
      const withMemory = !fs.existsSync(memory.ram); // the memory of a clone is a copy of its original's
      const state = await running.saveState(memory.state, withMemory, signal);
      // By far the longest step, and the only one that need not be awaited if somebody needs the VM.
      if (!withMemory) await unlessAborted(syncFile(memory.ram), signal);
      ({ cpuTimeMs } = await running.usage());
      if (signal.aborted) {
        await this.#forgetUnfinished();
        return false;
      }
      await writeSavedMark(memory, { state, withMemory }, disks, () => this.#assertAlive());
    } catch (error) {
      await this.#forgetUnfinished().catch(() => undefined); // `resume` does not go on without it
      if (signal.aborted && error === signal.reason) return false;
      throw fromSystemError(error, "saving a VM");
    }
    this.#earlierCpuMs += cpuTimeMs;
    this.#process = undefined;
    await running.stop({ graceMs: 0 });
    await removeRunFiles().catch(() => undefined); // the restore removes them
    return true;
  }

  get uncapturable(): string | undefined {
    return this.#process === undefined ? "it is asleep on the disk" : this.#process.uncapturable;
  }

  capture(folder: string): Promise<void> {
    return this.#process?.capture(folder) ?? Promise.reject(vmmError("The VM is saved."));
  }

  /** Forgets a save that was not finished, unless the files belong to another daemon by now. */
  async #forgetUnfinished(): Promise<void> {
    if (!this.#isDisconnected) await forgetSaved(this.#parts.memory);
  }

  async resume(): Promise<GuestClockState> {
    if (this.#process === undefined) this.#follow(await this.#restore());
    else await this.#forgetUnfinished();
    return (await this.#process?.resume()) ?? "behind";
  }

  /** The next process, paused. From now on it is the VM, and no longer the files. */
  async #restore(): Promise<QemuVm> {
    const { memory, restore } = this.#parts;
    let restored: QemuVm;
    try {
      restored = await restore();
    } catch (error) {
      this.#assertConnected(); // otherwise what is saved belongs to another daemon
      if (mayPass(error)) throw fromSystemError(error, "restoring a VM"); // it is still saved
      const reason = errorMessage(error);
      await this.#discard(`Its memory could not be restored: ${reason}`);
      throw new MemoryLostError(reason, { cause: error });
    }
    try {
      this.#assertConnected();
      await forgetSaved(memory);
      return restored;
    } catch (error) {
      if (this.#isDisconnected) restored.disconnect();
      else await restored.stop({ graceMs: 0 }); // it is still saved
      throw error;
    }
  }

  /** Throws if the process has ended, or belongs to another daemon. */
  #assertAlive(): void {
    this.#assertConnected();
    if (this.#hasEnded) throw vmmError("The VM has ended.");
  }

  #assertConnected(): void {
    if (this.#isDisconnected) throw vmmError("The daemon is shutting down.");
  }

  async stop(options: { readonly graceMs: number }): Promise<VmExit> {
    if (this.#process === undefined) await this.#discard("It was ended while it was saved.");
    else await this.#process.stop(options);
    return this.exited;
  }

  run(command: GuestCommand): Promise<number> {
    return this.#process?.run(command) ?? Promise.reject(vmmError("The VM is saved."));
  }

  async notify(timeoutMs: number): Promise<NoticeResult> {
    return (await this.#process?.notify(timeoutMs)) ?? "no-answer";
  }

  get controlFiles(): ControlFileState {
    return this.#process?.controlFiles ?? UNWRITTEN_CONTROL_FILES;
  }

  onControlFilesChanged(listener: () => void): void {
    this.#onControlFilesChanged = listener;
  }

  declineTemplate(): void {
    this.#process?.declineTemplate();
  }

  async usage(): Promise<VmUsage> {
    const { rssBytes, cpuTimeMs } = (await this.#process?.usage()) ?? { rssBytes: 0, cpuTimeMs: 0 };
    return { rssBytes, cpuTimeMs: this.#earlierCpuMs + cpuTimeMs };
  }

  disconnect(): void {
    this.#isDisconnected = true;
    this.#process?.disconnect();
  }

  #follow(running: QemuVm): void {
    this.#process = running;
    this.#link = running.link;
    running.onControlFilesChanged(() => this.#onControlFilesChanged());
    void running.started.then(this.#onStarted);
    void running.exited.then(async (exit) => {
      if (this.#process !== running) return; // it was saved
      this.#hasEnded = true;
      await removeMemory(this.#parts.memory).catch(() => undefined); // the next start, or the delete, removes it
      this.#onExited(exit);
    });
  }

  /** Ends a saved VM. */
  async #discard(detail: string): Promise<void> {
    await removeMemory(this.#parts.memory);
    this.#onExited({ kind: "killed", detail });
  }
}

const PASSING_CODES = ["ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "ENOMEM", "EAGAIN"];

/**
 * True if a restore failed for want of something that this machine may have again later, time included; what is saved is as good as before.
 * Pure.
 */
export const mayPass = (error: unknown): boolean =>
  error instanceof QemuTimeoutError ||
  UnikernelError.has(error, "NO_SPACE", "QEMU_MISSING") ||
  [error, error instanceof Error ? error.cause : undefined].some((one) => hasErrorCode(one, ...PASSING_CODES));

const vmmError = (message: string): UnikernelError => new UnikernelError("VMM_FAILED", message);

/** Resolves when the work is done, or when the signal aborts. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (signal.aborted) resolve();
  await Promise.race([work, aborted]);
}
