/** Callbacks of `apply` that a program waits for, such as one that calls a function of the platform. */
import * as pulumi from "@pulumi/pulumi";

type Callback = (value: unknown) => unknown;
type Apply = (this: unknown, callback: Callback, ...more: readonly unknown[]) => unknown;

/** The class of outputs, which has `apply` in its prototype; the types know it as a value with one function. */
const outputs = (): { apply: Apply } =>
  (pulumi.Output as unknown as { readonly prototype: { apply: Apply } }).prototype;

/** The callbacks of one run, until it ends. */
export interface PendingCallbacks {
  /** Resolves when no callback is under way. */
  settled(): Promise<void>;
  /** True if none is. */
  isIdle(): boolean;
  /** Takes no notice of further ones. */
  end(): void;
}

/**
 * Watches the asynchronous callbacks of the program, which the engine waits for: an error after the last registration fails an update, and
 * has to fail a test.
 */
export function watchCallbacks(): PendingCallbacks {
  const prototype = outputs();
  const original = prototype.apply;
  const pending = new Set<Promise<unknown>>();
  const watching: Apply = function (callback, ...more) {
    const watched: Callback = (value) => {
      const result = callback(value);
      if (result instanceof Promise) {
        const done = (): void => void pending.delete(ended);
        const ended: Promise<void> = result.then(done, done);
        pending.add(ended);
      }
      return result;
    };
    return original.call(this, watched, ...more);
  };
  prototype.apply = watching;
  const isIdle = (): boolean => pending.size === 0;
  return {
    isIdle,
    async settled() {
      while (!isIdle()) await Promise.all(Array.from(pending));
    },
    end() {
      if (prototype.apply === watching) prototype.apply = original;
    },
  };
}
