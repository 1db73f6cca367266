/**
 * One running QEMU process, which the daemon controls over QMP and, if the guest supports it, over the control port.
 */
import type * as net from "node:net";
import { UnikernelError } from "../../../base/errors";
import { systemClock } from "../../../base/clock";
import { UNIKRAFT_HAS_NO_AGENT } from "../../../image/kernel/agentRules";
import type {
  ConnectOptions,
  GuestClockState,
  GuestCommand,
  ControlFileState,
  NoticeResult,
  Vm,
  VmDisk,
  VmExit,
  VmSpec,
  VmUsage,
} from "../vmm";
import { ControlPort } from "./agent/controlPort";
import { GuestExec } from "./agent/guestExec";
import { classifyExit } from "./exit/classifyExit";
import { watchConsole } from "./exit/consoleWatch";
import { readExitEvidence } from "./exit/logs";
import type { VmFiles } from "./files";
import { HostForwards } from "./network/forwards";
import { connectLink } from "./network/link";
import { forwardAddress } from "./network/netdevs";
import type { VmNetwork } from "../../network/addresses";
import type { VmLink } from "../../network/frameStream";
import type { Digest } from "../../../base/digest";
import { type ProcessIdentity, isRunning } from "../../../base/processIdentity";
import { continueProcess, killProcess, type ProcessExit, suspendProcess } from "./host/process";
import { readProcessUsage } from "./host/usage";
import { captureGuest } from "./memory/capture";
import { loadVmState, saveVmState } from "./memory/vmState";
import type { GuestShape } from "./memory/snapshot";
import { QmpClient, type QmpEvent } from "./qmpClient";

/** How long the guest may take after the grace period to unmount its disks, and QEMU to exit. */
const EXIT_TIMEOUT_MS = 3000;
/** How long a probe waits for the guest's program to start. */
const START_TIMEOUT_MS = 1000;
/** How often the clock of a clone is set; each time waits for half a second. */
const CLOCK_ATTEMPTS = 4;
/** Interval of checks whether a process that is not a child of this daemon has exited. */
const EXIT_POLL_MS = 20;

/** Input of {@link QemuVm.connect}. */
export interface QemuVmParts {
  readonly identity: ProcessIdentity;
  readonly files: VmFiles;
  /** True if the guest reports when its program runs and can be requested to stop. */
  readonly hasControlProtocol: boolean;
  readonly network: VmNetwork;
  /** Path of the guest's program; `undefined` for none. */
  readonly program: string | undefined;
  /** See {@link Vm.unsavable}. `undefined` for a process of a {@link SavableVm}. */
  readonly unsavable: string | undefined;
  readonly shape: GuestShape;
  readonly disks: readonly VmDisk[];
  /** Resolves when the process has exited; `undefined` for a process that an earlier daemon started. */
  readonly exited?: Promise<ProcessExit>;
}

/** What QMP reported about the end of a VM. */
class ExitEvents {
  shutdownReason: string | undefined;
  guestPanicked = false;

  record({ event, data }: QmpEvent): void {
    if (event === "GUEST_PANICKED") this.guestPanicked = true;
    if (event === "SHUTDOWN" && typeof data["reason"] === "string") this.shutdownReason = data["reason"];
  }
}

/** A VM in a QEMU process. {@link SavableVm} is one that may have several, one after the other. */
export class QemuVm implements Vm {
  readonly pid: number;
  readonly isSaved = false;
  readonly unsavable: string;
  readonly link: VmLink | undefined;
  readonly started: Promise<void>;
  readonly exited: Promise<VmExit>;
  readonly #parts: QemuVmParts;
  readonly #qmp: QmpClient;
  readonly #exitEvents: ExitEvents;
  readonly #control: ControlPort;
  readonly #commands: GuestExec;
  readonly #forwards: HostForwards;
  /** True once QEMU has stopped a guest whose clock only goes on while QEMU itself is suspended. */
  #clockStoodStill = false;
  readonly #disconnected = new AbortController();
  /** Aborts when the process has ended, and at a disconnect. */
  readonly #watch = new AbortController();

  private constructor(
    parts: QemuVmParts,
    qmp: QmpClient,
    exitEvents: ExitEvents,
    control: ControlPort,
    link: VmLink | undefined,
  ) {
    this.pid = parts.identity.pid;
    this.unsavable = parts.unsavable ?? "its memory is in no file";
    this.#parts = parts;
    this.#qmp = qmp;
    this.#exitEvents = exitEvents;
    this.#control = control;
    this.#commands = new GuestExec({ files: parts.files, send: (line) => control.send(line) });
    this.link = link;
    this.#forwards = new HostForwards(qmp, forwardAddress(parts.network));
    this.started = parts.hasControlProtocol
      ? control.started.then(async () => void (await control.clock.settled()))
      : Promise.resolve();
    this.exited = this.#awaitExit();
    if (!parts.hasControlProtocol) void this.#endWithConsole();
  }

  /** Connects to a VM. Throws `VMM_FAILED` when its QMP socket does not respond. */
  static async connect(parts: QemuVmParts): Promise<QemuVm> {
    const exitEvents = new ExitEvents();
    const qmp = await QmpClient.connect(parts.files.qmpSocket, { onEvent: (event) => exitEvents.record(event) });
    const link = await connectLink(parts.files, parts.network.interfaces.length, parts.exited === undefined);
    return new QemuVm(parts, qmp, exitEvents, await ControlPort.connect(parts.files), link);
  }

  get uncapturable(): string | undefined {
    const { hasControlProtocol, disks } = this.#parts;
    if (!hasControlProtocol) return "its kernel has no agent, which would make its clones guests of their own";
    if (!this.#control.identity.isSettable)
      return "its image was built by an earlier release, whose agent cannot do that";
    const written = disks.find(({ readonly }) => !readonly);
    if (written !== undefined) return `it writes to the volume at '${written.at}', which clones would share`;
    return undefined;
  }

  connect(guestPort: number, options: ConnectOptions): Promise<net.Socket | undefined> {
    return this.#forwards.connect(guestPort, options);
  }

  async probePort(guestPort: number, signal: AbortSignal): Promise<boolean> {
    try {
      // Before the program starts nothing listens, and slirp takes long to connect after an early attempt.
      if (!(await this.#startsWithin(START_TIMEOUT_MS, signal))) return false;
      return await this.#forwards.probePort(guestPort, signal);
    } catch (error) {
      if (signal.aborted || (await isRunning(this.#parts.identity))) throw error;
      return false;
    }
  }

  /** The clock of a guest stands still while QEMU pauses it, and goes on while QEMU itself is suspended. */
  async pause(): Promise<void> {
    if (this.#control.clock.isSettable) await this.#qmp.execute("stop");
    else await suspendProcess(this.#parts.identity);
  }

  async resume(): Promise<GuestClockState> {
    await continueProcess(this.#parts.identity);
    await this.#qmp.execute("cont");
    const { clock } = this.#control;
    const isBehind = clock.isSettable ? !(await clock.set()) : this.#clockStoodStill;
    this.#clockStoodStill = false;
    return isBehind ? "behind" : "right";
  }

  save(): Promise<boolean> {
    return Promise.reject(new UnikernelError("VMM_FAILED", `The VM cannot be saved: ${this.unsavable}.`));
  }

  /** Writes the state of the paused VM to a file; see {@link saveVmState}. */
  async saveState(file: string, withMemory: boolean, signal?: AbortSignal): Promise<Digest> {
    // A suspended QEMU finds the command when it is continued; its guest goes on for that moment.
    await Promise.all([this.#qmp.execute("stop"), continueProcess(this.#parts.identity)]);
    this.#clockStoodStill = true;
    return saveVmState(this.#qmp, { socket: this.#parts.files.migrationSocket, file, withMemory }, signal);
  }

  capture(folder: string): Promise<void> {
    const { files, shape, disks } = this.#parts;
    const source = { qmp: this.#qmp, pid: this.pid, files, shape, disks };
    return captureGuest({ ...source, saveDevices: (file) => this.saveState(file, false) }, folder);
  }

  /** Continues a clone whose devices are loaded, as a guest of its own. Throws `VMM_FAILED` if it does not become one. */
  async becomeItself(spec: Pick<VmSpec, "network" | "hostname">): Promise<void> {
    const { identity, clock } = this.#control;
    const isSet = identity.set(spec); // the guest reads it first: until then it has the random numbers of its original
    isSet.catch(() => undefined); // awaited below
    await this.#qmp.execute("cont");
    if (!(await isSet)) throw new UnikernelError("VMM_FAILED", "The guest did not take its new addresses in time.");
    for (let attempt = 0; attempt < CLOCK_ATTEMPTS; attempt++) if (await clock.set()) return;
    throw new UnikernelError("VMM_FAILED", "The guest's clock could not be set.");
  }

  /** Loads the state into a VM that waits for it; see {@link loadVmState}. */
  loadState(file: string, withMemory: boolean): Promise<void> {
    this.#clockStoodStill = true;
    return loadVmState(this.#qmp, { socket: this.#parts.files.migrationSocket, file, withMemory });
  }

  async run(command: GuestCommand): Promise<number> {
    if (!this.#parts.hasControlProtocol) throw cannotRun(UNIKRAFT_HAS_NO_AGENT, "Use the runtime linux:latest.");
    if (!this.#control.runsCommands)
      throw cannotRun("its image was built by an earlier release", "Build the image again, such as with 'pulumi up'.");
    return this.#commands.run(command);
  }

  notify(timeoutMs: number): Promise<NoticeResult> {
    return this.#control.notice.give(timeoutMs);
  }

  get controlFiles(): ControlFileState {
    return this.#control.controlFiles.state;
  }

  onControlFilesChanged(listener: () => void): void {
    this.#control.controlFiles.onChange(listener);
  }

  declineTemplate(): void {
    this.#control.controlFiles.declineTemplate();
  }

  usage(): Promise<VmUsage> {
    return readProcessUsage(this.pid);
  }

  async stop({ graceMs }: { readonly graceMs: number }): Promise<VmExit> {
    await continueProcess(this.#parts.identity); // a suspended QEMU does not read its control socket
    if (graceMs > 0 && this.#parts.hasControlProtocol) {
      await this.#qmp.execute("cont").catch(() => undefined); // a paused guest does not read its control port
      this.#control.requestStop(graceMs);
      if (await this.#exitsWithin(graceMs + EXIT_TIMEOUT_MS)) return this.exited;
    }
    await this.#qmp.execute("quit").catch(() => undefined); // QEMU may have exited, or hang
    if (!(await this.#exitsWithin(EXIT_TIMEOUT_MS))) await killProcess(this.#parts.identity);
    return this.exited;
  }

  disconnect(): void {
    this.#disconnected.abort();
    this.#watch.abort();
    this.#qmp.close();
    this.#control.close();
    this.#closeLink();
  }

  #closeLink(): void {
    for (const card of this.link?.cards ?? []) card.close();
    this.link?.uplink.close();
  }

  #exitsWithin(timeoutMs: number): Promise<boolean> {
    return resolvesWithin(this.exited, timeoutMs, new AbortController().signal);
  }

  async #startsWithin(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const first = Promise.race([this.started, this.exited]);
    return (
      (await resolvesWithin(first, timeoutMs, signal)) && (this.#control.hasStarted || !this.#parts.hasControlProtocol)
    );
  }

  /** Ends a VM whose kernel goes on after its end. */
  async #endWithConsole(): Promise<void> {
    const { files, program } = this.#parts;
    if ((await watchConsole(files.consoleLog, program, this.#watch.signal)) === "crashed")
      this.#exitEvents.guestPanicked = true;
    await this.stop({ graceMs: 0 });
  }

  /** Resolves with how the VM ended once the process is gone; never after {@link disconnect}. */
  async #awaitExit(): Promise<VmExit> {
    const exit = await (this.#parts.exited ?? this.#watchExit());
    await this.#qmp.closed; // all its events have arrived by then
    this.#watch.abort();
    if (this.#disconnected.signal.aborted) return new Promise(() => undefined);
    this.#control.close();
    this.#closeLink();
    const logged = await readExitEvidence(this.#parts.files);
    return classifyExit({
      ...logged,
      shutdownReason: this.#exitEvents.shutdownReason ?? logged.shutdownReason,
      guestPanicked: this.#exitEvents.guestPanicked,
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

const cannotRun = (reason: string, hint: string): UnikernelError =>
  new UnikernelError("NOT_SUPPORTED", `No command can be run in the instance: ${reason}.`, { hint });

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
