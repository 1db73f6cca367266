/** What is asked of one instance and what happens to it, one after the other. */

interface QueuedRequest<R> {
  readonly request: R;
  readonly done: (error?: Error) => void;
}

/** How messages are acted on; the next one waits until the promise is settled. */
export interface MailboxHandlers<E, R> {
  event(event: E): Promise<void>;
  request(request: R): Promise<void>;
  /** Hears of every rejection before whoever asked does. */
  failed(error: Error, message: E | R): void;
}

/** A queue and its loop. Events are served before requests. */
export class Mailbox<E, R> {
  readonly #handlers: MailboxHandlers<E, R>;
  readonly #events: E[] = [];
  readonly #requests: QueuedRequest<R>[] = [];
  #looping = false;
  #closed = false;

  constructor(handlers: MailboxHandlers<E, R>) {
    this.#handlers = handlers;
  }

  /** Something happened. */
  post(event: E): void {
    this.#events.push(event);
    void this.#loop();
  }

  /** Resolves when the request was acted on; begins with it at once when nothing else is under way. */
  submit(request: R): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error?: Error): void => (error === undefined ? resolve() : reject(error));
      this.#requests.push({ request, done });
      void this.#loop();
    });
  }

  /** Acts on nothing more. */
  close(): void {
    this.#closed = true;
  }

  async #loop(): Promise<void> {
    if (this.#looping) return;
    this.#looping = true;
    while (!this.#closed) {
      const event = this.#events.shift();
      if (event !== undefined) {
        await this.#handle(event, () => this.#handlers.event(event));
        continue;
      }
      const queued = this.#requests.shift();
      if (queued === undefined) break;
      queued.done(await this.#handle(queued.request, () => this.#handlers.request(queued.request)));
    }
    this.#looping = false;
  }

  async #handle(message: E | R, act: () => Promise<void>): Promise<Error | undefined> {
    try {
      await act();
      return undefined;
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      this.#handlers.failed(error, message);
      return error;
    }
  }
}
