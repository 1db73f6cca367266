/**
 * One running QEMU process. The daemon has two connections to it: QMP to QEMU itself, and the control port to the guest's
 * init, which reports `started`, `exit <code>` or `error <message>` and takes `stop <seconds>`.
 */
import * as net from "node:net";
import { systemClock } from "../../../base/clock";
import type { Endpoint, Vm, VmExit, VmUsage } from "../vmm";
import {
  applyReportLine,
  createReportReader,
  encodeStopCommand,
  type GuestReport,
  parseReport,
} from "./exit/guestReport";
import { classifyExit } from "./exit/classifyExit";
import type { VmFiles } from "./files";
import { HostForwards } from "./forwards";
import { CONTROL_HEAD_BYTES, readExitEvidence, readHeadAndTail, TAIL_BYTES } from "./exit/logs";
import { isRunning, killProcess, type ProcessExit, type ProcessIdentity } from "./host/process";
import { QmpClient, type QmpEvent } from "./qmpClient";
import { readProcessUsage } from "./host/usage";

/** How long the guest may take after the grace period to unmount its disks, and QEMU to exit. */
const EXIT_TIMEOUT_MS = 3000;
/** How long a probe waits for the guest's program to start. */
const START_TIMEOUT_MS = 1000;
/** Interval at which a process is checked that is not a child of this daemon. */
const EXIT_POLL_MS = 20;

/** Input of {@link QemuVm.connect}. */
export interface QemuVmParts {
  readonly identity: ProcessIdentity;
  readonly files: VmFiles;
  /** The guest reports when its program runs, and can be asked to stop. */
  readonly hasControlProtocol: boolean;
  /** How the process exits; `undefined` for a process that an earlier daemon started. */
  readonly exited?: Promise<ProcessExit>;
}

/** A VM in a QEMU process. */
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
  /** Grace period of a stop that was requested before the guest was ready for it. */
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

  /** Connects to a VM. Throws `VMM_FAILED` when its QMP socket does not respond. */
  static async connect(parts: QemuVmParts): Promise<QemuVm> {
    const early: { events: QmpEvent[]; text: string } = { events: [], text: "" };
    let onEvent = (event: QmpEvent): void => void early.events.push(event);
    let onText = (text: string): void => void (early.text += text);
    const qmp = await QmpClient.connect(parts.files.qmpSocket, { onEvent: (event) => onEvent(event) });
    const control = net.connect(parts.files.controlSocket);
    control.on("error", () => undefined); // QMP and the process show when the VM ends
    await new Promise<void>((resolve) => control.once("connect", resolve).once("close", () => resolve()));
    control.setEncoding("utf8").on("data", (text: string) => onText(text));
    // Earlier reports are in the log; a line that arrives both ways changes nothing.
    const log = await readHeadAndTail(parts.files.controlLog, CONTROL_HEAD_BYTES, TAIL_BYTES);
    const vm = new QemuVm(parts, qmp, control, parseReport(log));
    onEvent = (event) => vm.#onQmpEvent(event);
    onText = createReportReader((line) => vm.#onControlLine(line));
    early.events.forEach(onEvent);
    onText(early.text);
    return vm;
  }

  forward(guestPort: number): Promise<Endpoint> {
    return this.#forwards.endpointFor(guestPort);
  }

  async probePort(guestPort: number, signal: AbortSignal): Promise<boolean> {
    try {
      // Earlier nothing listens, and slirp takes long to connect after an early attempt.
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
      await this.#qmp.execute("cont").catch(() => undefined); // a paused guest does not read its control port
      if (this.#report.started) this.#control.write(encodeStopCommand(graceMs));
      else this.#pendingStopMs = graceMs;
      if (await this.#exitsWithin(graceMs + EXIT_TIMEOUT_MS)) return this.exited;
    }
    await this.#qmp.execute("quit").catch(() => undefined); // QEMU may have exited, or hang
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

  #exitsWithin(timeoutMs: number): Promise<boolean> {
    return resolvesWithin(this.exited, timeoutMs, new AbortController().signal);
  }

  async #startsWithin(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const first = Promise.race([this.started, this.exited]);
    return (
      (await resolvesWithin(first, timeoutMs, signal)) && (this.#report.started || !this.#parts.hasControlProtocol)
    );
  }

  /** Resolves with how the VM ended once the process is gone; never after {@link disconnect}. */
  async #awaitExit(): Promise<VmExit> {
    const exit = await (this.#parts.exited ?? this.#watchExit());
    await this.#qmp.closed; // all its events have arrived by then
    if (this.#disconnected.signal.aborted) return new Promise(() => undefined);
    this.#control.destroy();
    return classifyExit({
      ...(await readExitEvidence(this.#parts.files)),
      shutdownReason: this.#shutdownReason,
      guestPanicked: this.#guestPanicked,
      exitStatus: exit?.code ?? null,
      signal: exit?.signal ?? null,
    });
  }

  /** Node reports no exit of a process that is not our child: wait until its socket closes, then until it is gone. */
  async #watchExit(): Promise<undefined> {
    await this.#qmp.closed;
    while (!this.#disconnected.signal.aborted && (await isRunning(this.#parts.identity))) {
      await systemClock.sleep(EXIT_POLL_MS);
    }
  }
}

/** True when `event` resolves within the time; rejects with the signal's reason when it aborts. */
async function resolvesWithin(event: Promise<unknown>, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  const settled = new AbortController();
  const timeout = systemClock.sleep(timeoutMs, AbortSignal.any([settled.signal, signal])).then(() => false);
  try {
    return await Promise.race([event.then(() => true), timeout]);
  } finally {
    settled.abort();
    timeout.catch(() => undefined);
  }
}
