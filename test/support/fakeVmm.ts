/** VMs in memory, for tests of everything above the VMM. Their guests respond on real loopback ports. */
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { UnikernelError } from "../../provider/base/errors";
import { connectLoopback } from "../../provider/platform/vmm/qemu/network/connectLoopback";
import type { VmLink } from "../../provider/platform/network/frameStream";
import { SourcePorts } from "../../provider/platform/vmm/qemu/network/sourcePorts";
import {
  type ConnectOptions,
  type GuestClockState,
  type GuestCommand,
  type ControlFileState,
  MemoryLostError,
  UNWRITTEN_CONTROL_FILES,
  type NoticeResult,
  type Vm,
  type VmExit,
  type VmSpec,
  type VmUsage,
  type Vmm,
} from "../../provider/platform/vmm/vmm";

/** How a guest behaves. */
export interface FakeGuest {
  /** From start to `started`; 0 by default. */
  readonly bootMs?: number;
  /** From `started` to listening; 0 by default. */
  readonly listenMs?: number;
  /** Serves connections to any port once it listens; a guest without one listens on nothing. */
  readonly serve?: (socket: net.Socket, guestPort: number) => void;
  /** Exits by itself this long after `started`. */
  readonly exits?: { readonly afterMs: number; readonly exit: VmExit };
  /** The exit after a graceful stop; `undefined` means that it ignores the request and is killed after the grace period. */
  readonly onStop?: VmExit | undefined;
  /** Sets its clock after a pause; its clock is right at once by default. */
  readonly clock?: () => Promise<GuestClockState>;
  /** Runs a command; resolves with its exit code. The guest runs none by default. */
  readonly run?: (command: GuestCommand) => Promise<number> | number;
  /** Is warned before standby; it has no agent for that by default. */
  readonly notify?: () => Promise<NoticeResult> | NoticeResult;
  /** Written to the console log at start. */
  readonly console?: string;
  /** Why it cannot be saved; it can by default. */
  readonly unsavable?: string;
  /** True if clones can be made of it; false by default, as of a guest without an agent. */
  readonly hasAgent?: boolean;
  /** Its network cards; none by default, so that no other guest reaches it. */
  readonly link?: VmLink;
  /** Its usage while it runs; zero by default. */
  readonly usage?: VmUsage;
}

const CUT_OFF: VmExit = { kind: "killed", detail: "QEMU was told to quit (host-qmp-quit)." };
let lastPid = 100_000;

/** One running fake VM, independent of its owner. */
class FakeVmProcess {
  readonly pid = ++lastPid;
  readonly spec: VmSpec;
  readonly guest: FakeGuest;
  readonly started: Promise<void>;
  readonly exited: Promise<VmExit>;
  /** Set once it has ended. */
  exit: VmExit | undefined;
  paused = false;
  /** It is on the disk: a kill of the machine does not end it. */
  saved = false;
  controlFiles: ControlFileState = UNWRITTEN_CONTROL_FILES;
  onControlFilesChanged: () => void = () => undefined;
  /** Bytes written to the console log: like QEMU it continues at its offset, whatever happened to the file. */
  consoleEnd = 0;
  #listening = false;
  #onExit: (exit: VmExit) => void = () => undefined;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #forwards = new Map<number, Promise<net.Server>>();
  readonly #sourcePorts = new SourcePorts();
  readonly #sockets = new Set<net.Socket>();

  constructor(spec: VmSpec, guest: FakeGuest) {
    this.spec = spec;
    this.guest = guest;
    this.exited = new Promise((resolve) => (this.#onExit = resolve));
    this.started = new Promise((resolve) => {
      this.#after(guest.bootMs ?? 0, () => {
        resolve();
        this.#after(guest.listenMs ?? 0, () => (this.#listening = guest.serve !== undefined));
        const { exits: ends } = guest;
        if (ends !== undefined) this.#after(ends.afterMs, () => this.end(ends.exit));
      });
    });
  }

  get answers(): boolean {
    return this.#listening && !this.paused && this.exit === undefined;
  }

  get answersCommands(): boolean {
    return !this.paused && !this.saved && this.exit === undefined;
  }

  /** Frees its memory, and with it all connections. */
  save(): void {
    this.saved = true;
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#forwards.values()) void server.then((open) => open.close());
    this.#forwards.clear();
  }

  end(exit: VmExit): void {
    if (this.exit !== undefined) return;
    this.exit = exit;
    this.#timers.forEach((timer) => clearTimeout(timer));
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#forwards.values()) void server.then((open) => open.close());
    this.#onExit(exit);
  }

  async connect(guestPort: number, { timeoutMs, signal }: ConnectOptions): Promise<net.Socket | undefined> {
    if (this.exit !== undefined || this.saved) throw new UnikernelError("VMM_FAILED", "The VM is gone.");
    const opened = this.#forwards.get(guestPort) ?? this.#open(guestPort);
    this.#forwards.set(guestPort, opened);
    const address = (await opened).address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    return connectLoopback(
      { port, sourcePorts: this.#sourcePorts, timeoutMs, isVmAlive: async () => this.exit === undefined },
      signal,
    );
  }

  /** Like QEMU it accepts at once and connects to the guest later. */
  #open(guestPort: number): Promise<net.Server> {
    return new Promise((resolve, reject) => {
      const server = net.createServer((socket) => {
        this.#sockets.add(socket.on("error", () => undefined).once("close", () => this.#sockets.delete(socket)));
        if (this.answers) this.guest.serve?.(socket, guestPort);
        else socket.resetAndDestroy();
      });
      server.once("error", reject).listen(0, "127.0.0.1", () => resolve(server));
    });
  }

  #after(ms: number, act: () => void): void {
    if (this.exit === undefined) this.#timers.push(setTimeout(act, ms));
  }
}

/** One owner's control of a machine. */
class FakeVm implements Vm {
  get link(): VmLink | undefined {
    return this.#machine.guest.link;
  }

  readonly started: Promise<void>;
  readonly exited: Promise<VmExit>;
  readonly unsavable: string | undefined;
  readonly #machine: FakeVmProcess;
  readonly #memory: FakeMemory;
  #isReleased = false;

  constructor(machine: FakeVmProcess, memory: FakeMemory) {
    this.#machine = machine;
    this.#memory = memory;
    this.unsavable = machine.spec.isSavable ? machine.guest.unsavable : "it was not to be saved when it started";
    this.started = machine.started;
    this.exited = machine.exited.then((exit) => (this.#isReleased ? new Promise<VmExit>(() => undefined) : exit));
  }

  connect(guestPort: number, options: ConnectOptions): Promise<net.Socket | undefined> {
    return this.#machine.connect(guestPort, options);
  }

  probePort(_guestPort: number, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    return Promise.resolve(this.#machine.answers);
  }

  async stop({ graceMs }: { readonly graceMs: number }): Promise<VmExit> {
    const { onStop } = this.#machine.guest;
    if (graceMs > 0 && onStop !== undefined) this.#machine.end(onStop);
    const cutOff = setTimeout(() => this.#machine.end(CUT_OFF), graceMs);
    const exit = await this.#machine.exited;
    clearTimeout(cutOff);
    return exit;
  }

  async pause(): Promise<void> {
    await this.#memory.onPause(this.#machine.spec);
    this.#machine.paused = true;
  }

  get pid(): number | undefined {
    return this.isSaved ? undefined : this.#machine.pid;
  }

  get isSaved(): boolean {
    return this.#machine.saved;
  }

  async save(signal: AbortSignal): Promise<boolean> {
    await this.#memory.onSave(this.#machine.spec, signal);
    if (this.#isReleased) throw new UnikernelError("VMM_FAILED", "The daemon is shutting down.");
    if (signal.aborted) return false;
    this.#memory.saves++;
    this.#machine.save();
    return true;
  }

  get uncapturable(): string | undefined {
    return this.#machine.guest.hasAgent === true ? undefined : "its kernel has no agent";
  }

  async capture(folder: string): Promise<void> {
    await this.#memory.onCapture(this.#machine.spec);
    if (!this.#machine.paused) throw new Error("it captures a guest that runs");
    await fs.promises.mkdir(folder, { recursive: true });
    await fs.promises.writeFile(path.join(folder, "ram"), this.#machine.spec.uuid);
  }

  async resume(): Promise<GuestClockState> {
    if (this.#machine.saved) await this.#restore();
    this.#machine.paused = false;
    const { clock } = this.#machine.guest;
    return clock === undefined ? "right" : clock();
  }

  async #restore(): Promise<void> {
    try {
      await this.#memory.onRestore(this.#machine.spec);
    } catch (error) {
      const detail = error instanceof Error ? error.message : "";
      this.#machine.end({ kind: "killed", detail });
      throw new MemoryLostError(detail);
    }
    if (this.#isReleased) throw new UnikernelError("VMM_FAILED", "The daemon is shutting down.");
    this.#memory.restores++;
    this.#machine.saved = false;
  }

  async run(command: GuestCommand): Promise<number> {
    const { guest, answersCommands } = this.#machine;
    if (guest.run === undefined) throw new UnikernelError("NOT_SUPPORTED", "The guest runs no commands.");
    if (!answersCommands) throw new UnikernelError("GUEST_STOPPED", "The guest is paused.");
    return guest.run(command);
  }

  async notify(): Promise<NoticeResult> {
    return this.#machine.guest.notify?.() ?? "no-agent";
  }

  get controlFiles(): ControlFileState {
    return this.#machine.controlFiles;
  }

  onControlFilesChanged(listener: () => void): void {
    this.#machine.onControlFilesChanged = listener;
  }

  declineTemplate(): void {
    this.#machine.controlFiles = { ...this.#machine.controlFiles, template: false };
  }

  async usage(): Promise<VmUsage> {
    const { exit, guest } = this.#machine;
    return exit === undefined && !this.isSaved && guest.usage !== undefined
      ? guest.usage
      : { rssBytes: 0, cpuTimeMs: 0 };
  }

  disconnect(): void {
    this.#isReleased = true;
  }
}

/** The fake disk with the memory of saved VMs: what a test sees of it, and does to it. */
export class FakeMemory {
  saves = 0;
  restores = 0;
  /** Runs within each pause, before it takes effect; what it throws, the pause throws. */
  onPause: (spec: VmSpec) => Promise<void> | void = () => undefined;
  /** Runs within each save, before it takes effect; what it throws, the save throws. */
  onSave: (spec: VmSpec, signal: AbortSignal) => Promise<void> | void = () => undefined;
  /** Runs within each capture, before it takes effect; what it throws, the capture throws. */
  onCapture: (spec: VmSpec) => Promise<void> | void = () => undefined;
  /** Runs within each clone, before it takes effect; what it throws is why there is none. */
  onClone: (spec: VmSpec) => Promise<void> | void = () => undefined;
  /** Runs within each restore, before it takes effect; if it throws, what was saved is lost. */
  onRestore: (spec: VmSpec) => Promise<void> | void = () => undefined;
}

/** A VMM in memory. One object stands for the host: successive daemons of a test share it. */
export class FakeVmm implements Vmm {
  /** Every spec that was started, in order. */
  readonly starts: VmSpec[] = [];
  /** Every spec that was cloned, in order, with the uuid of the instance whose memory it got. */
  readonly clones: { readonly spec: VmSpec; readonly from: string }[] = [];
  readonly memory = new FakeMemory();
  /** Why guests have no agent. */
  agentObstacle: string | undefined;
  readonly #folder: string;
  readonly #guestOf: (spec: VmSpec) => FakeGuest;
  readonly #machines = new Map<string, FakeVmProcess>();

  /**
   * @param folder Where console logs are written (`localPaths().instances`).
   * @param guestOf The guest's behaviour for a spec; may throw the error of `start`.
   */
  constructor(folder: string, guestOf: (spec: VmSpec) => FakeGuest) {
    this.#folder = folder;
    this.#guestOf = guestOf;
  }

  async start(spec: VmSpec): Promise<Vm> {
    this.starts.push(spec);
    return this.#begin(spec, this.#guestOf(spec));
  }

  async clone(spec: VmSpec, snapshot: string): Promise<Vm> {
    let from: string;
    try {
      await this.memory.onClone(spec);
      from = await fs.promises.readFile(path.join(snapshot, "ram"), "utf8");
    } catch (error) {
      throw new MemoryLostError(error instanceof Error && !("code" in error) ? error.message : "its files are missing");
    }
    this.clones.push({ spec, from });
    return this.#begin(spec, { ...this.#guestOf(spec), bootMs: 0, listenMs: 0 });
  }

  async #begin(spec: VmSpec, guest: FakeGuest): Promise<Vm> {
    const log = this.consoleLogPath(spec.uuid);
    await fs.promises.mkdir(path.dirname(log), { recursive: true });
    await fs.promises.writeFile(log, guest.console ?? "");
    const machine = new FakeVmProcess(spec, guest);
    machine.consoleEnd = Buffer.byteLength(guest.console ?? "");
    this.#machines.set(spec.uuid, machine);
    return new FakeVm(machine, this.memory);
  }

  async adopt(spec: VmSpec): Promise<Vm | undefined> {
    const machine = this.#machines.get(spec.uuid);
    return machine === undefined || machine.exit !== undefined ? undefined : new FakeVm(machine, this.memory);
  }

  async findAgentObstacle(): Promise<string | undefined> {
    return this.agentObstacle;
  }

  async postMortem(uuid: string): Promise<VmExit> {
    return this.#machines.get(uuid)?.exit ?? { kind: "killed", detail: "QEMU ended without a message." };
  }

  async removeFiles(uuid: string): Promise<void> {
    this.#machines.delete(uuid);
    await fs.promises.rm(path.join(this.#folder, uuid), { recursive: true, force: true });
  }

  consoleLogPath(uuid: string): string {
    return path.join(this.#folder, uuid, "console.log");
  }

  async truncateLogs(): Promise<void> {
    // it has only a console log
  }

  async describe(): Promise<Readonly<Record<string, string>>> {
    return { vmm: "fake" };
  }

  /** Writes to the console of a running VM. */
  print(uuid: string, text: string): void {
    const machine = this.#machines.get(uuid);
    if (machine === undefined) throw new Error(`no VM ${uuid} was started`);
    const file = fs.openSync(this.consoleLogPath(uuid), "r+");
    machine.consoleEnd += fs.writeSync(file, text, machine.consoleEnd);
    fs.closeSync(file);
  }

  /** Changes what the program of a running VM asks for. */
  writeControlFiles(uuid: string, controlFiles: Partial<ControlFileState>): void {
    const machine = this.#machines.get(uuid);
    if (machine === undefined) throw new Error(`no VM ${uuid} was started`);
    machine.controlFiles = { ...machine.controlFiles, ...controlFiles };
    machine.onControlFilesChanged();
  }

  /** What the program of a VM asks for. */
  controlFilesOf(uuid: string): ControlFileState | undefined {
    return this.#machines.get(uuid)?.controlFiles;
  }

  /** Ends a running VM from outside, like a crash, an exit or a signal. */
  end(uuid: string, exit: VmExit): void {
    this.#machines.get(uuid)?.end(exit);
  }

  /** The machine is switched off: every VM ends that is not saved. */
  switchOff(): void {
    for (const machine of this.#machines.values())
      if (!machine.saved) machine.end({ kind: "killed", detail: "the machine was switched off" });
  }

  /** Ends every VM, at the end of a test. */
  endAll(): void {
    for (const machine of this.#machines.values()) machine.end(CUT_OFF);
  }
}
