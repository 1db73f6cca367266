/** A VM that starts and exits on the test's command, for tests of the moments in between. */
import {
  type GuestClockState,
  UNWRITTEN_CONTROL_FILES,
  type NoticeResult,
  type Vm,
  type VmExit,
} from "../../provider/platform/vmm/vmm";

/** A VM without a guest. A graceful stop waits for {@link end}, a forced one ends it. */
export class ManualVm implements Vm {
  readonly pid = 1;
  readonly link = undefined;
  readonly isSaved = false;
  readonly controlFiles = UNWRITTEN_CONTROL_FILES;
  readonly unsavable = "it has no memory";
  readonly uncapturable = "it has no memory";
  paused = false;
  hasStarted = false;
  isAlive = true;
  begin: () => void = () => undefined;
  #end: (exit: VmExit) => void = () => undefined;
  readonly started = new Promise<void>((resolve) => (this.begin = resolve));
  readonly exited = new Promise<VmExit>((resolve) => (this.#end = resolve));
  readonly #onEnd: () => void;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  end(exit: VmExit): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.paused = false;
    this.#onEnd();
    this.#end(exit);
  }

  stop({ graceMs }: { readonly graceMs: number }): Promise<VmExit> {
    if (graceMs === 0) this.end({ kind: "killed", detail: "" });
    return this.exited;
  }

  pause = async (): Promise<void> => void (this.paused = true);
  save = () => Promise.reject(new Error("nobody saves"));
  capture = () => Promise.reject(new Error("nobody captures"));
  run = () => Promise.reject(new Error("nobody runs a command"));
  notify = async (): Promise<NoticeResult> => "no-agent";
  resume = async (): Promise<GuestClockState> => {
    this.paused = false;
    return "right";
  };
  probePort = async (): Promise<boolean> => true;
  connect = () => Promise.reject(new Error("nobody connects"));
  usage = () => Promise.resolve({ rssBytes: 0, cpuTimeMs: 0 });
  onControlFilesChanged = (): void => undefined;
  declineTemplate = (): void => undefined;
  disconnect = (): void => undefined;
}
