/** Warns the program of the stand-in guest before standby. The protocol is described in `provider/image/runtime/initScript.ts`. */
import { type Clock, orLate, systemClock } from "../../../../base/clock";
import type { NoticeResult } from "../../vmm";

/** What a guest says about notices. */
export type NoticeLine =
  /** It can warn its program. */
  | { readonly is: "offers" }
  /** It has done so, for the notice with this number. */
  | { readonly is: "given"; readonly number: number; readonly isTaken: boolean };

/** What a line says about notices; `undefined` if it says nothing. Pure. */
export function parseNoticeLine(line: string): NoticeLine | undefined {
  const text = line.trim();
  if (text === "notify") return { is: "offers" };
  const given = /^notified (\d{1,9}) (yes|no)$/.exec(text);
  return given === null ? undefined : { is: "given", number: Number(given[1]), isTaken: given[2] === "yes" };
}

/** What {@link GuestNotice} works with. */
export interface GuestNoticeParts {
  /** Sends text to the guest. Text for a guest that does not read waits. */
  readonly send: (text: string) => void;
  readonly clock?: Clock;
}

/** The notices of one guest. */
export class GuestNotice {
  readonly #send: (text: string) => void;
  readonly #clock: Clock;
  #isOffered = false;
  #lastNumber = 0;
  readonly #onGiven = new Map<number, (result: NoticeResult) => void>();

  constructor({ send, clock = systemClock }: GuestNoticeParts) {
    this.#send = send;
    this.#clock = clock;
  }

  /** Takes a line that the guest has written. */
  receive(line: string): void {
    const said = parseNoticeLine(line);
    if (said?.is === "offers") this.#isOffered = true;
    else if (said?.is === "given") this.#onGiven.get(said.number)?.(said.isTaken ? "taken" : "not-taken");
  }

  /** Warns the program. Waits at most `timeoutMs` for the guest's answer; a guest that reads later warns its program later. */
  async give(timeoutMs: number): Promise<NoticeResult> {
    if (!this.#isOffered) return "no-agent";
    const number = ++this.#lastNumber;
    const given = new Promise<NoticeResult>((resolve) => this.#onGiven.set(number, resolve));
    this.#send(`\nnotify ${number} now\n`); // ends a command that was cut off
    try {
      return await orLate(this.#clock, timeoutMs, given, "no-answer");
    } finally {
      this.#onGiven.delete(number);
    }
  }
}
