/** A VM that lives on when its daemon is killed, and does what a test says. Its timers are those of the test. */
import {
  type GuestClockState,
  UNWRITTEN_CONTROL_FILES,
  type NoticeResult,
  type Vm,
  type VmExit,
} from "../../provider/platform/vmm/vmm";

/** The process of a VM. */
export class SimulatedVm {
  isAlive = true;
  isPaused = false;
  hasStarted = false;
  /** It was asked to shut down and has not done so. */
  isAskedToStop = false;
  /** It neither starts nor shuts down by itself. */
  hangs = false;
  /** How it ended. */
  exit: VmExit | undefined;
  readonly #onStart = Promise.withResolvers<void>();
  readonly #onExit = Promise.withResolvers<VmExit>();

  /** The guest's program runs from now on. */
  begin(): void {
    if (!this.isAlive || this.isPaused || this.hangs || this.hasStarted) return;
    this.hasStarted = true;
    this.#onStart.resolve();
  }

  end(exit: VmExit): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.exit = exit;
    this.#onExit.resolve(exit);
  }

  get started(): Promise<void> {
    return this.#onStart.promise;
  }

  get exited(): Promise<VmExit> {
    return this.#onExit.promise;
  }
}

/** One daemon's control of a VM. `effect` is called for each command; it throws or stays pending when the daemon is killed there. */
export class SimulatedControl implements Vm {
  readonly pid = 1;
  readonly link = undefined;
  readonly isSaved = false;
  readonly controlFiles = UNWRITTEN_CONTROL_FILES;
  readonly unsavable = "simulated VMs stay in memory";
  readonly uncapturable = "simulated VMs have no memory";
  readonly started: Promise<void>;
  readonly exited: Promise<VmExit>;
  readonly #vm: SimulatedVm;
  readonly #effect: (act: () => void) => Promise<void>;

  constructor(vm: SimulatedVm, effect: (act: () => void) => Promise<void>) {
    this.#vm = vm;
    this.#effect = effect;
    this.started = vm.started;
    this.exited = vm.exited;
  }

  async stop({ graceMs }: { readonly graceMs: number }): Promise<VmExit> {
    const kill = (): void => this.#vm.end({ kind: "killed", detail: "host-qmp-quit" });
    await this.#effect(() => {
      this.#vm.isPaused = false;
      this.#vm.isAskedToStop = true;
      if (graceMs === 0) kill();
    });
    const timer = setTimeout(() => void this.#effect(kill), graceMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  pause = (): Promise<void> => this.#effect(() => (this.#vm.isPaused = this.#vm.isAlive));
  save = () => Promise.reject(new Error(this.unsavable));
  capture = () => Promise.reject(new Error(this.uncapturable));
  run = () => Promise.reject(new Error("nobody runs a command"));
  notify = async (): Promise<NoticeResult> => "no-agent";
  resume = async (): Promise<GuestClockState> => {
    await this.#effect(() => (this.#vm.isPaused = false));
    return "right";
  };
  probePort = async (): Promise<boolean> => this.#vm.isAlive && this.#vm.hasStarted && !this.#vm.isPaused;
  connect = (): Promise<undefined> => Promise.resolve(undefined);
  usage = () => Promise.resolve({ rssBytes: 0, cpuTimeMs: 0 });
  onControlFilesChanged = (): void => undefined;
  declineTemplate = (): void => undefined;
  disconnect = (): void => undefined;
}
