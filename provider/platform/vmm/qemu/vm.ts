/** One running QEMU: its two control connections, and the story of its end. */
import * as net from "node:net";
import { systemClock } from "../../../base/clock";
import type { Endpoint, Vm, VmExit, VmUsage } from "../vmm";
import { applyReportLine, parseReport, encodeStopCommand, type GuestReport } from "./exit/guestReport";
import { readExitEvidence } from "./exit/evidenceOnDisk";
import { classifyExit } from "./exit/classifyExit";
import type { VmFiles } from "./files";
import { HostForwards } from "./forwards";
import { CONTROL_HEAD_BYTES, readHeadAndTail, TAIL_BYTES } from "./exit/readLog";
import { isRunning, killProcess, type ProcessExit, type ProcessIdentity } from "./host/process";
import { QmpClient, type QmpEvent } from "./qmpClient";
import { readProcessUsage } from "./host/usage";

/** How long a guest may take beyond the grace to unmount its disks, and QEMU to end. */
const EXIT_TIMEOUT_MS = 3000;
/** How long a probe waits for the guest's program to be started. */
const START_TIMEOUT_MS = 1000;
/** How often a process is looked for whose end nobody tells us. */
const EXIT_POLL_MS = 20;

/** What a {@link QemuVm} is made of. */
export interface QemuVmParts {
  readonly identity: ProcessIdentity;
  readonly files: VmFiles;
  /** The guest speaks the control protocol, so it can tell when its program runs and can be asked to stop. */
  readonly hasControlProtocol: boolean;
  /** Known for the processes this daemon started. */
  readonly exited?: Promise<ProcessExit>;
}

/** A VM run by QEMU. */
export class QemuVm implements Vm {
  readonly pid: number;
  readonly started: Promise<void>;
  readonly exited: Promise<VmExit>;
  readonly #parts: QemuVmParts;
  readonly #qmp: QmpClient;
  readonly #control: net.Socket;
  readonly #forwards: HostForwards;
  readonly #disconnected = new AbortController();
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
    this.#forwards = new HostForwards(qmp);
    let onStarted = (): void => undefined;
    this.started = new Promise((resolve) => (onStarted = resolve));
    this.#onStarted = onStarted;
    if (report.started || !parts.hasControlProtocol) onStarted();
    this.exited = this.#awaitExit();
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
    const log = await readHeadAndTail(parts.files.controlLog, CONTROL_HEAD_BYTES, TAIL_BYTES);
    const vm = new QemuVm(parts, qmp, control, parseReport(log));
    onEvent = (event) => vm.#onQmpEvent(event);
    onText = lineReader((line) => vm.#onControlLine(line));
    early.events.forEach(onEvent);
    onText(early.text);
    return vm;
  }

  forward(guestPort: number): Promise<Endpoint> {
    return this.#forwards.endpointFor(guestPort);
  }

  async probePort(guestPort: number, signal: AbortSignal): Promise<boolean> {
    try {
      // Before that nothing can listen, and a connection opened too early is answered late.
      if (!(await this.#startsWithin(START_TIMEOUT_MS, signal))) return false;
      return await this.#forwards.probePort(guestPort, signal);
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
    return readProcessUsage(this.pid);
  }

  async stop({ graceMs }: { readonly graceMs: number }): Promise<VmExit> {
    if (graceMs > 0 && this.#parts.hasControlProtocol) {
      await this.#qmp.execute("cont").catch(() => undefined); // a frozen guest hears nothing
      if (this.#report.started) this.#control.write(encodeStopCommand(graceMs));
      else this.#pendingStopMs = graceMs;
      if (await this.#exitsWithin(graceMs + EXIT_TIMEOUT_MS)) return this.exited;
    }
    await this.#qmp.execute("quit").catch(() => undefined); // may be gone already, or hang
    if (!(await this.#exitsWithin(EXIT_TIMEOUT_MS))) await killProcess(this.#parts.identity);
    return this.exited;
  }

  disconnect(): void {
    this.#disconnected.abort();
    this.#qmp.close();
    this.#control.destroy();
  }

  #onControlLine(line: string): void {
    this.#report = applyReportLine(this.#report, line);
    if (!this.#report.started) return;
    this.#onStarted();
    if (this.#pendingStopMs !== undefined) this.#control.write(encodeStopCommand(this.#pendingStopMs));
    this.#pendingStopMs = undefined;
  }

  #onQmpEvent({ event, data }: QmpEvent): void {
    if (event === "GUEST_PANICKED") this.#guestPanicked = true;
    if (event === "SHUTDOWN" && typeof data["reason"] === "string") this.#shutdownReason = data["reason"];
  }

  #exitsWithin(limitMs: number): Promise<boolean> {
    return resolvesWithin(this.exited, limitMs, new AbortController().signal);
  }

  async #startsWithin(limitMs: number, signal: AbortSignal): Promise<boolean> {
    const first = Promise.race([this.started, this.exited]);
    return (await resolvesWithin(first, limitMs, signal)) && (this.#report.started || !this.#parts.hasControlProtocol);
  }

  /** Resolves with the verdict once the process is gone; never after {@link disconnect}. */
  async #awaitExit(): Promise<VmExit> {
    const end = await (this.#parts.exited ?? this.#watchExit());
    await this.#qmp.closed; // its last events are in by then
    if (this.#disconnected.signal.aborted) return new Promise(() => undefined);
    this.#control.destroy();
    return classifyExit({
      ...(await readExitEvidence(this.#parts.files)),
      shutdownReason: this.#shutdownReason,
      guestPanicked: this.#guestPanicked,
      exitStatus: end?.code ?? null,
      signal: end?.signal ?? null,
    });
  }

  /** Of another's child no end is reported: its socket closes first, then the process goes. */
  async #watchExit(): Promise<undefined> {
    await this.#qmp.closed;
    while (!this.#disconnected.signal.aborted && (await isRunning(this.#parts.identity))) {
      await systemClock.sleep(EXIT_POLL_MS);
    }
  }
}

/** True when `event` resolves before the time is over; rejects with the signal's reason when it aborts. */
async function resolvesWithin(event: Promise<unknown>, limitMs: number, signal: AbortSignal): Promise<boolean> {
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
