/** Human-readable progress of a build. A quick build prints nothing. */

/** A build that takes longer than this starts to print its steps. */
const QUIET_MS = 2_000;

/** Reports the steps of one build. */
export interface ProgressReporter {
  /** Begins a step, such as `packing 214 files (3.1 MiB)`. */
  readonly report: (step: string) => void;
  /** Ends the build; nothing is printed after it. */
  readonly end: () => void;
}

/**
 * Prints the current step once a build has taken two seconds, and each step after that.
 *
 * @param label begins each line, such as `Image 'shop'`
 */
export function createProgressReporter(label: string, print: (line: string) => void): ProgressReporter {
  let step: string | undefined;
  let isQuiet = true;
  const printStep = (): void => {
    if (step !== undefined) print(`${label}: ${step}`);
  };
  const timer = setTimeout(() => {
    isQuiet = false;
    printStep();
  }, QUIET_MS);
  timer.unref();
  return {
    report: (next) => {
      step = next;
      if (!isQuiet) printStep();
    },
    end: () => {
      clearTimeout(timer);
      isQuiet = true;
    },
  };
}
