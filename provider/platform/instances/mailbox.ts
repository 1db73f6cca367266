/** The queue of one instance: handles its events and requests one after the other. */

interface QueuedRequest<R> {
  readonly request: R;
  readonly done: (error?: Error) => void;
}

/** The message handlers. The next message waits until the promise has settled. */
export interface MailboxHandlers<E, R> {
  event(event: E): Promise<void>;
  request(request: R): Promise<void>;
  /** Called for every rejection, before the submitter gets it. */
  failed(error: Error, message: E | R): void;
}

/** A queue and its loop. Events are handled before requests. */
export class Mailbox<E, R> {
  readonly #handlers: MailboxHandlers<E, R>;
  readonly #events: E[] = [];
  readonly #requests: QueuedRequest<R>[] = [];
  #looping = false;
  #closed = false;

  constructor(handlers: MailboxHandlers<E, R>) {
    this.#handlers = handlers;
  }

  /** Queues an event. */
  post(event: E): void {
    this.#events.push(event);
    void this.#loop();
  }

  /** Queues a request; handles it at once when the queue is idle. Resolves or rejects with the handler's result. */
  submit(request: R): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error?: Error): void => (error === undefined ? resolve() : reject(error));
      this.#requests.push({ request, done });
      void this.#loop();
    });
  }

  /** Stops handling messages. */
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
