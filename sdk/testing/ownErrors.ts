/** Errors of a program that nothing awaits, such as those in an `apply`. */

/** Errors of one run, until it ends. */
export interface OwnErrors {
  /** Rejects with the first of them, or with what {@link OwnErrors.end} is given. Never resolves. */
  readonly failed: Promise<never>;
  /** Leaves errors to the test runner again. */
  end(reason?: Error): void;
}

const EVENT = "unhandledRejection";

/**
 * Watches for errors that the engine would end the update for. Some test runners take no notice of them, and a test would pass with a
 * program that fails; others are told by the run, and not a second time.
 */
export function watchOwnErrors(): OwnErrors {
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => (fail = reject));
  failed.catch(() => undefined); // it may come after the run's result
  const onError = (error: unknown): void => fail(error);
  const others = process.listeners(EVENT);
  process.removeAllListeners(EVENT);
  process.on(EVENT, onError);
  let isOver = false;
  const end = (reason?: Error): void => {
    if (isOver) return;
    isOver = true;
    process.removeListener(EVENT, onError);
    others.forEach((listener) => process.on(EVENT, listener));
    if (reason !== undefined) fail(reason);
  };
  return { failed, end };
}
