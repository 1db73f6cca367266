/**
 * The daemon's end of a guest's control port. The init of the stand-in guest reports `started`, `exit <code>` or
 * `error <message>`, takes `stop <seconds>`, lets its clock and its identity be set, runs commands, warns its program before standby, and
 * reports what that asks for; other guests are silent.
 */
import * as net from "node:net";
import { applyReportLine, createReportReader, EMPTY_REPORT, encodeStopCommand } from "../exit/guestReport";
import { CONTROL_HEAD_BYTES, readHeadAndTail, TAIL_BYTES } from "../exit/logs";
import type { VmFiles } from "../files";
import { GuestControlFiles } from "./controlFiles";
import { GuestClock } from "./guestClock";
import { GuestIdentity } from "./guestIdentity";
import { GuestNotice } from "./guestNotice";

/** A connection to the control port of one VM. */
export class ControlPort {
  /** Resolves when the guest reports that its program runs; stays pending if it never does. */
  readonly started: Promise<void>;
  /** The guest's wall clock. */
  readonly clock: GuestClock;
  /** What makes the guest another one than the one it was cloned from. */
  readonly identity: GuestIdentity;
  /** What warns the guest's program before standby. */
  readonly notice: GuestNotice;
  /** What the guest's program asks for. */
  readonly controlFiles: GuestControlFiles;
  readonly #socket: net.Socket;
  #report = EMPTY_REPORT;
  #onStarted: () => void = () => undefined;
  /** Grace period of a stop that was requested before the guest was ready for it. */
  #pendingStopMs: number | undefined;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    const send = (text: string): void => void socket.write(text);
    this.clock = new GuestClock({ send });
    this.identity = new GuestIdentity({ send });
    this.notice = new GuestNotice({ send });
    this.controlFiles = new GuestControlFiles({ send });
    this.started = new Promise((resolve) => (this.#onStarted = resolve));
    const read = createReportReader((line) => {
      this.clock.receive(line); // first, so that the clock is right when the program has started
      this.#handleLine(line);
    });
    socket.on("error", () => undefined); // QMP and the process show when the VM ends
    socket.setEncoding("utf8").on("data", read);
  }

  /**
   * Connects to the control port and reads earlier reports. Resolves even if the VM is gone; its port is silent then.
   */
  static async connect(files: Pick<VmFiles, "controlSocket" | "controlLog">): Promise<ControlPort> {
    const socket = net.connect(files.controlSocket);
    const port = new ControlPort(socket);
    await new Promise<void>((resolve) => socket.once("connect", resolve).once("close", () => resolve()));
    // Reports from before the connection are in the log; a line that arrives both ways changes nothing.
    const log = await readHeadAndTail(files.controlLog, CONTROL_HEAD_BYTES, TAIL_BYTES);
    const hadAsked = port.clock.isSettable;
    for (const line of log.split("\n")) {
      port.clock.receiveEarlier(line);
      port.#handleLine(line);
    }
    if (port.clock.isSettable && !hadAsked) void port.clock.set(); // an earlier daemon may have left it unanswered
    return port;
  }

  /** True once the guest has reported that its program runs. */
  get hasStarted(): boolean {
    return this.#report.started;
  }

  /** True once the guest has said that it runs commands. */
  get runsCommands(): boolean {
    return this.#report.runsCommands;
  }

  /** Tells the guest about a command; see {@link encodeExecLine}. */
  send(line: string): void {
    this.#socket.write(line);
  }

  /** Asks the guest to stop its program within `graceMs`, as soon as that runs. */
  requestStop(graceMs: number): void {
    this.controlFiles.declineTemplate(); // a program that stands still cannot stop
    if (this.#report.started) this.#socket.write(encodeStopCommand(graceMs));
    else this.#pendingStopMs = graceMs;
  }

  /** Closes the connection. */
  close(): void {
    this.#socket.destroy();
  }

  #handleLine(line: string): void {
    this.identity.receive(line);
    this.notice.receive(line);
    this.controlFiles.receive(line);
    this.#report = applyReportLine(this.#report, line);
    if (!this.#report.started) return;
    this.#onStarted();
    if (this.#pendingStopMs !== undefined) this.#socket.write(encodeStopCommand(this.#pendingStopMs));
    this.#pendingStopMs = undefined;
  }
}
