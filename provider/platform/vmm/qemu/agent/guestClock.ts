/** Sets the wall clock of a guest, which stands still while the guest is paused. */
import { orLate, systemClock, type Clock } from "../../../../base/clock";
import { encodeClockCommand, nextClockStep, parseClockLine } from "./clockProtocol";

/** How long a boot or wake waits for the guest's answer. */
const ANSWER_TIMEOUT_MS = 500;
const NS_PER_MS = 1_000_000;
/** A time in nanoseconds does not fit a `number`, so the parts are converted before they are multiplied. */
const toNs = (wholeMs: number): bigint => BigInt(wholeMs) * BigInt(NS_PER_MS);

interface Exchange {
  readonly timeNs: bigint;
  /** When the command was sent, on the monotonic clock. */
  readonly sentAtMs: number;
  /** How far the time was ahead of the host's. */
  readonly leadMs: number;
  /** From 1. */
  readonly attempt: number;
}

/** What {@link GuestClock} works with. */
export interface GuestClockParts {
  /** Sends text to the guest. Text for a guest that does not read waits. */
  readonly send: (text: string) => void;
  readonly clock?: Clock;
  /** Milliseconds on a clock that is never set. */
  readonly monotonicMs?: () => number;
}

/** The wall clock of one guest. One exchange at a time; a newer one replaces it. */
export class GuestClock {
  readonly #send: (text: string) => void;
  readonly #clock: Clock;
  readonly #monotonicMs: () => number;
  #exchange: Exchange | undefined;
  #isSettable = false;
  /** Called when the exchange ends: true if the clock is right. */
  #onEnd: ((isRight: boolean) => void)[] = [];

  constructor({ send, clock = systemClock, monotonicMs = () => performance.now() }: GuestClockParts) {
    this.#send = send;
    this.#clock = clock;
    this.#monotonicMs = monotonicMs;
  }

  /** True if the guest has said that its clock can be set. */
  get isSettable(): boolean {
    return this.#isSettable;
  }

  /** Takes a line that the guest has just written. */
  receive(line: string): void {
    const said = parseClockLine(line);
    if (said?.is === "asks") {
      if (this.#isSettable) return; // it asks once: one that asks and asks, and does not read, would fill our memory
      this.#isSettable = true;
      this.#begin("", 0, 1);
    } else if (said?.is === "set") this.#answered(said.timeNs);
  }

  /**
   * Takes a line that the guest wrote before the daemon was connected. A question that was not answered then is by the next {@link set}.
   */
  receiveEarlier(line: string): void {
    if (parseClockLine(line)?.is === "asks") this.#isSettable = true;
  }

  /**
   * Sets the clock to the host's time. True once it is right to 25 ms; false if the guest did not confirm that within 500 ms. The
   * exchange then goes on: a guest that follows an old command later is sent the time again.
   */
  set(): Promise<boolean> {
    this.#begin("\n", 0, 1); // ends a command that was cut off
    return this.settled();
  }

  /** Waits for the end of a running exchange, at most 500 ms. False if the clock may not be right; true without an exchange. */
  async settled(): Promise<boolean> {
    if (this.#exchange === undefined) return true;
    const end = new Promise<boolean>((resolve) => this.#onEnd.push(resolve));
    return orLate(this.#clock, ANSWER_TIMEOUT_MS, end, false);
  }

  #begin(prefix: string, leadMs: number, attempt: number): void {
    const timeNs = toNs(this.#clock.now()) + BigInt(Math.round(leadMs * NS_PER_MS));
    this.#exchange = { timeNs, sentAtMs: this.#monotonicMs(), leadMs, attempt };
    this.#send(prefix + encodeClockCommand(timeNs));
  }

  #answered(timeNs: bigint): void {
    const exchange = this.#exchange;
    if (exchange?.timeNs !== timeNs) return; // the answer to an earlier command
    const { sentAtMs, leadMs, attempt } = exchange;
    const step = nextClockStep(this.#monotonicMs() - sentAtMs, leadMs, attempt);
    if (step.is === "again") return this.#begin("", step.leadMs, attempt + 1);
    this.#exchange = undefined;
    for (const end of this.#onEnd.splice(0)) end(step.is === "right");
  }
}
