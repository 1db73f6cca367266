/** Bounds how long synchronous work may block the process. */
import * as vm from "node:vm";

/** Thrown by {@link withinTimeLimit}. */
export class TimeLimitExceeded extends Error {}

/** Only code that V8 enters through a script can be interrupted. Created once: a context takes a millisecond. */
const script = new vm.Script("work()");
const globals: { work: () => void } = { work: () => undefined };
let context: vm.Context | undefined;

/**
 * Runs `work`, which must not be asynchronous, and returns its result. V8 interrupts it after `ms` milliseconds, even inside a
 * regular expression that backtracks; then this throws {@link TimeLimitExceeded}. Must not be nested.
 */
export function withinTimeLimit<T>(ms: number, work: () => T): T {
  let result: { readonly value: T } | undefined;
  context ??= vm.createContext(globals);
  globals.work = () => void (result = { value: work() });
  try {
    script.runInContext(context, { timeout: ms });
  } catch (error) {
    // The context's own error, which is not an instance of this context's Error.
    if (typeof error === "object" && error !== null && Reflect.get(error, "code") === "ERR_SCRIPT_EXECUTION_TIMEOUT")
      throw new TimeLimitExceeded(`took longer than ${ms} ms`);
    throw error;
  } finally {
    globals.work = () => undefined;
  }
  if (result === undefined) throw new TimeLimitExceeded(`took longer than ${ms} ms`);
  return result.value;
}
