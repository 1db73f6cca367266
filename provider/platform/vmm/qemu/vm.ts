/** One running QEMU: its two control connections, and the story of its end. */
import * as net from "node:net";
import { systemClock } from "../../../base/clock";
import type { Endpoint, Vm, VmExit, VmUsage } from "../vmm";
import { heard, reportIn, stopLine, type GuestReport } from "./exit/guestReport";
import { evidenceOnDisk } from "./exit/evidenceOnDisk";
import { judgeExit } from "./exit/classifyExit";
import type { VmFiles } from "./files";
import { Forwards } from "./forwards";
import { CONTROL_HEAD_BYTES, endsOf, TAIL_BYTES } from "./exit/logTails";
import { isRunning, killProcess, type ProcessEnd, type ProcessIdentity } from "./host/process";
import { QmpClient, type QmpEvent } from "./qmpClient";
import { usageOf } from "./host/usage";

/** How long a guest may take beyond the grace to unmount its disks, and QEMU to end. */
const WRAP_UP_MS = 3000;
/** How long a probe waits for the guest's program to be started. */
const PROBE_WAIT_MS = 1000;
/** How often a process is looked for whose end nobody tells us. */
const WATCH_MS = 20;

/** What a {@link QemuVm} is made of. */
export interface QemuVmParts {
  readonly identity: ProcessIdentity;
  readonly files: VmFiles;
  /** The guest speaks the control protocol, so it can tell when its program runs and can be asked to stop. */
  readonly speaks: boolean;
  /** Known for the processes this daemon started. */
  readonly ended?: Promise<ProcessEnd>;
}

/** A VM run by QEMU. */
export class QemuVm implements Vm {
  readonly pid: number;
  readonly started: Promise<void>;
  readonly exited: Promise<VmExit>;
  readonly #parts: QemuVmParts;
  readonly #qmp: QmpClient;
  readonly #control: net.Socket;
  readonly #forwards: Forwards;
  readonly #released = new AbortController();
  readonly #onStarted: () => void;
  #report: GuestReport;
  #shutdownReason: string | undefined;
  #guestPanicked = false;
  /** Grace of a stop asked for before the guest listened. */
  #pendingStopMs: number | undefined;

  private constructor(parts: QemuVmParts, qmp: QmpClient, control: net.Socket, report: GuestReport) {
    this.pid = parts.identity.pid;
    this.#parts = parts;
    this.#qmp = qmp;
    this.#control = control;
    this.#report = report;
    this.#forwards = new Forwards(qmp);
    let onStarted = (): void => undefined;
    this.started = new Promise((resolve) => (onStarted = resolve));
    this.#onStarted = onStarted;
    if (report.started || !parts.speaks) onStarted();
    this.exited = this.#awaitEnd();
  }

  /** Connects to the VM. Throws `VMM_FAILED` when its sockets do not answer. */
  static async connect(parts: QemuVmParts): Promise<QemuVm> {
    const early: { events: QmpEvent[]; text: string } = { events: [], text: "" };
    let onEvent = (event: QmpEvent): void => void early.events.push(event);
    let onText = (text: string): void => void (early.text += text);
    const qmp = await QmpClient.connect(parts.files.qmpSocket, { onEvent: (event) => onEvent(event) });
    const control = net.connect(parts.files.controlSocket);
    control.on("error", () => undefined); // the end of the VM shows elsewhere
    await new Promise<void>((resolve) => control.once("connect", resolve).once("close", () => resolve()));
    control.setEncoding("utf8").on("data", (text: string) => onText(text));
    // What was said before we listened is in the log; a line that reaches us both ways changes nothing.
    const log = await endsOf(parts.files.controlLog, CONTROL_HEAD_BYTES, TAIL_BYTES);
    const vm = new QemuVm(parts, qmp, control, reportIn(log));
    onEvent = (event) => vm.#observe(event);
    onText = lineReader((line) => vm.#hear(line));
    early.events.forEach(onEvent);
    onText(early.text);
    return vm;
  }

  forward(guestPort: number): Promise<Endpoint> {
    return this.#forwards.to(guestPort);
  }

  async answers(guestPort: number, signal: AbortSignal): Promise<boolean> {
    try {
      // Before that nothing can listen, and a connection opened too early is answered late.
      if (!(await this.#startsWithin(PROBE_WAIT_MS, signal))) return false;
      return await this.#forwards.answers(guestPort, signal);
    } catch (error) {
      if (signal.aborted || (await isRunning(this.#parts.identity))) throw error;
      return false;
    }
  }

  async pause(): Promise<void> {
    await this.#qmp.execute("stop");
  }

  async resume(): Promise<void> {
    await this.#qmp.execute("cont");
  }

  usage(): Promise<VmUsage> {
    return usageOf(this.pid);
  }

  async stop({ graceMs }: { readonly graceMs: number }): Promise<VmExit> {
    if (graceMs > 0 && this.#parts.speaks) {
      await this.#qmp.execute("cont").catch(() => undefined); // a frozen guest hears nothing
      if (this.#report.started) this.#control.write(stopLine(graceMs));
      else this.#pendingStopMs = graceMs;
      if (await this.#endsWithin(graceMs + WRAP_UP_MS)) return this.exited;
    }
    await this.#qmp.execute("quit").catch(() => undefined); // may be gone already, or hang
    if (!(await this.#endsWithin(WRAP_UP_MS))) await killProcess(this.#parts.identity);
    return this.exited;
  }

  release(): void {
    this.#released.abort();
    this.#qmp.close();
    this.#control.destroy();
  }

  #hear(line: string): void {
    this.#report = heard(this.#report, line);
    if (!this.#report.started) return;
    this.#onStarted();
    if (this.#pendingStopMs !== undefined) this.#control.write(stopLine(this.#pendingStopMs));
    this.#pendingStopMs = undefined;
  }

  #observe({ event, data }: QmpEvent): void {
    if (event === "GUEST_PANICKED") this.#guestPanicked = true;
    if (event === "SHUTDOWN" && typeof data["reason"] === "string") this.#shutdownReason = data["reason"];
  }

  #endsWithin(limitMs: number): Promise<boolean> {
    return happensWithin(this.exited, limitMs, new AbortController().signal);
  }

  async #startsWithin(limitMs: number, signal: AbortSignal): Promise<boolean> {
    const first = Promise.race([this.started, this.exited]);
    return (await happensWithin(first, limitMs, signal)) && (this.#report.started || !this.#parts.speaks);
  }

  /** Resolves with the verdict once the process is gone; never after {@link release}. */
  async #awaitEnd(): Promise<VmExit> {
    const end = await (this.#parts.ended ?? this.#watchEnd());
    await this.#qmp.closed; // its last events are in by then
    if (this.#released.signal.aborted) return new Promise(() => undefined);
    this.#control.destroy();
    return judgeExit({
      ...(await evidenceOnDisk(this.#parts.files)),
      shutdownReason: this.#shutdownReason,
      guestPanicked: this.#guestPanicked,
      exitStatus: end?.code ?? null,
      signal: end?.signal ?? null,
    });
  }

  /** Of another's child no end is reported: its socket closes first, then the process goes. */
  async #watchEnd(): Promise<undefined> {
    await this.#qmp.closed;
    while (!this.#released.signal.aborted && (await isRunning(this.#parts.identity))) {
      await systemClock.sleep(WATCH_MS);
    }
  }
}

/** True when `event` resolves before the time is over; rejects with the signal's reason when it aborts. */
async function happensWithin(event: Promise<unknown>, limitMs: number, signal: AbortSignal): Promise<boolean> {
  const happened = new AbortController();
  const late = systemClock.sleep(limitMs, AbortSignal.any([happened.signal, signal])).then(() => false);
  try {
    return await Promise.race([event.then(() => true), late]);
  } finally {
    happened.abort();
    late.catch(() => undefined);
  }
}

function lineReader(onLine: (line: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = (lines.pop() ?? "").slice(-4096);
    lines.forEach(onLine);
  };
}
