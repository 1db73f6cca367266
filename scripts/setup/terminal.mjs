/** Output of the set-up: one line per step, with the elapsed time of steps that take more than two seconds. */

const QUIET_MS = 2000;
const REPEAT_MS = 15_000;

/** A failure that a user can act on: what was attempted, what to do, and the end of the tool's output. */
export class SetupError extends Error {
  /**
   * @param {string} message what was attempted and failed
   * @param {string} hint what to do
   * @param {string} [detail] last lines of the tool's output
   */
  constructor(message, hint, detail = "") {
    super(message);
    this.hint = hint;
    this.detail = detail;
  }
}

/** @param {number} startedAt */
const elapsed = (startedAt) => `${Math.round((Date.now() - startedAt) / 1000)} s`;

/** Prints a line. @param {string} text */
export function print(text) {
  process.stdout.write(`${text}\n`);
}

/**
 * Runs one step under a title. A terminal shows one line that counts seconds; a log file gets a line after two seconds,
 * another every fifteen, and one at the end.
 *
 * @template T
 * @param {string} title
 * @param {(note: (text: string) => void) => Promise<T>} work receives a function that sets the progress text
 * @param {(result: T) => string} [outcome] the text of the last line
 * @returns {Promise<T>}
 */
export async function step(title, work, outcome = () => "done") {
  const startedAt = Date.now();
  const terminal = process.stdout.isTTY === true;
  let note = "";
  let lastPrintedAt = 0;
  const progress = () => {
    const now = Date.now();
    if (now - startedAt < QUIET_MS) return;
    const line = `- ${title}: ${elapsed(startedAt)}${note === "" ? "" : `, ${note}`}`;
    if (terminal) {
      const width = Math.max(20, (process.stdout.columns || 80) - 1);
      process.stdout.write(`\r\u001b[K${line.slice(0, width)}`);
    } else if (lastPrintedAt === 0 || now - lastPrintedAt >= REPEAT_MS) {
      lastPrintedAt = now;
      print(line);
    }
  };
  const timer = setInterval(progress, terminal ? 250 : 500);
  try {
    const result = await work((text) => (note = text));
    clearInterval(timer);
    if (terminal) process.stdout.write("\r\u001b[K");
    const took = Date.now() - startedAt >= QUIET_MS ? ` (${elapsed(startedAt)})` : "";
    print(`- ${title}: ${outcome(result)}${took}`);
    return result;
  } catch (error) {
    clearInterval(timer);
    if (terminal) process.stdout.write("\r\u001b[K");
    print(`- ${title}: failed after ${elapsed(startedAt)}`);
    throw error;
  }
}

/** Prints the error that ended a command: a SetupError with its hint, any other with its stack. @param {unknown} error */
export function printFailure(error) {
  if (!(error instanceof SetupError)) {
    process.stderr.write(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return;
  }
  const detail = error.detail === "" ? "" : `${error.detail.replace(/^/gm, "    ")}\n`;
  process.stderr.write(`\n${error.message}\n${detail}What to do: ${error.hint}\n`);
}
