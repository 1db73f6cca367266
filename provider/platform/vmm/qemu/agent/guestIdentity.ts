/** Makes a clone a guest of its own: with its own addresses, host name and random numbers. */
import * as crypto from "node:crypto";
import { type Clock, orLate, systemClock } from "../../../../base/clock";
import type { VmSpec } from "../../vmm";
import { encodeIdentityCommand, parseIdentityLine, SEED_BYTES } from "./identityProtocol";

/** How long a guest may take: some tens of milliseconds usually, longer on a busy host. */
const ANSWER_TIMEOUT_MS = 5_000;

/** What {@link GuestIdentity} works with. */
export interface GuestIdentityParts {
  /** Sends text to the guest. Text for a guest that does not read waits. */
  readonly send: (text: string) => void;
  readonly clock?: Clock;
}

/** The identity of one guest. */
export class GuestIdentity {
  readonly #send: (text: string) => void;
  readonly #clock: Clock;
  #isSettable = false;
  #lastNumber = 0;
  readonly #onSet = new Map<number, () => void>();

  constructor({ send, clock = systemClock }: GuestIdentityParts) {
    this.#send = send;
    this.#clock = clock;
  }

  /** True if the guest has said that it can take another identity. */
  get isSettable(): boolean {
    return this.#isSettable;
  }

  /** Takes a line that the guest has written. */
  receive(line: string): void {
    const said = parseIdentityLine(line);
    if (said?.is === "offers") this.#isSettable = true;
    else if (said?.is === "set") this.#onSet.get(said.number)?.();
  }

  /** Gives the guest the identity of `spec`. False if it did not confirm that in time. Throws `VMM_FAILED` if it cannot be sent. */
  async set(spec: Pick<VmSpec, "network" | "hostname">): Promise<boolean> {
    const number = ++this.#lastNumber;
    const command = encodeIdentityCommand(number, crypto.randomBytes(SEED_BYTES), spec);
    const done = new Promise<boolean>((resolve) => this.#onSet.set(number, () => resolve(true)));
    try {
      this.#send(`\n${command}`); // ends a command that was cut off
      return await orLate(this.#clock, ANSWER_TIMEOUT_MS, done, false);
    } finally {
      this.#onSet.delete(number);
    }
  }
}
