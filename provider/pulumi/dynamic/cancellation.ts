/**
 * Cancellation of all operations of this process. The dynamic provider process handles the engine's Cancel call without telling
 * the provider; the provider sees only SIGINT or SIGTERM, five seconds before the engine kills the process.
 */

/** After this time the process exits even if operations are still running. */
const EXIT_TIMEOUT_MS = 4_000;
/** Time for the last responses to reach the engine. */
const RESPONSE_GRACE_MS = 200;
/** Exit codes of a process that ends by these signals: 128 plus the signal's number. Source: POSIX. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** Why an operation ended. No UnikernelError: nobody may take a wish of the user for a failure of the metro. */
export class CancelledError extends Error {
  override readonly name = "CancelledError";

  constructor() {
    super("The operation was cancelled. Run 'pulumi up' again.");
  }
}

/** Aborts the operations of this process when it receives a signal. */
export class Cancellation {
  readonly #controller = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  /** Aborts when all operations are cancelled. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Counts an operation as running until it settles. Returns the operation. */
  track<T>(operation: Promise<T>): Promise<T> {
    this.#running.add(operation);
    const settled = (): void => void this.#running.delete(operation);
    operation.then(settled, settled);
    return operation;
  }

  /** Aborts the operations, without waiting for them. */
  abort(): void {
    this.#controller.abort(new CancelledError());
  }

  /** Aborts the operations. Resolves when all have ended and their responses had time to reach the engine. */
  async cancel(): Promise<void> {
    if (this.#running.size === 0) return;
    this.abort();
    await Promise.allSettled(this.#running);
    await new Promise((resolve) => setTimeout(resolve, RESPONSE_GRACE_MS));
  }

  /** Cancels and exits on the first SIGINT or SIGTERM; a second signal ends the process at once. */
  listen(exit: (code: number) => void): void {
    for (const [signal, code] of Object.entries(EXIT_CODES)) {
      process.once(signal, () => {
        setTimeout(() => exit(code), EXIT_TIMEOUT_MS);
        void this.cancel().then(() => exit(code));
      });
    }
  }
}
