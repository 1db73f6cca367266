/** Requests to a guest's agent that carry a number, by which the guest answers them. */
import { type Clock, orLate, systemClock } from "../../../../base/clock";

/** What {@link NumberedRequests} works with. */
export interface NumberedRequestsParts {
  /** Sends text to the guest. Text for a guest that does not read waits. */
  readonly send: (text: string) => void;
  readonly clock?: Clock;
}

/** The requests of one kind to one guest. */
export class NumberedRequests<Answer> {
  readonly #send: (text: string) => void;
  readonly #clock: Clock;
  #lastNumber = 0;
  readonly #onAnswer = new Map<number, (answer: Answer) => void>();

  constructor({ send, clock = systemClock }: NumberedRequestsParts) {
    this.#send = send;
    this.#clock = clock;
  }

  /** Takes the guest's answer. One that nobody waits for any more is ignored. */
  receive(number: number, answer: Answer): void {
    this.#onAnswer.get(number)?.(answer);
  }

  /** Sends a request. Resolves with the answer, or with `late` after `timeoutMs`. Throws what `encode` throws; nothing is sent then. */
  async send(encode: (number: number) => string, timeoutMs: number, late: Answer): Promise<Answer> {
    const number = ++this.#lastNumber;
    const text = encode(number);
    const answered = new Promise<Answer>((resolve) => this.#onAnswer.set(number, resolve));
    try {
      this.#send(`\n${text}`); // ends a command that was cut off
      return await orLate(this.#clock, timeoutMs, answered, late);
    } finally {
      this.#onAnswer.delete(number);
    }
  }
}
