/**
 * Finds the processes of one operation: engine, language host and providers, which are in their own process groups
 * and survive a killed parent. All inherit a variable that marks the operation. So does a daemon that a provider
 * starts and that must live on: therefore the command line decides too.
 */
import * as fs from "node:fs";
import * as path from "node:path";

/** Variable that marks an operation's processes. */
export const OPERATION_MARKER_VARIABLE = "UNIKERNEL_TEST_OPERATION";

const GRACE_MS = 15_000;
const ENGINE_COMMAND = /^pulumi($|-)|cmd\/(dynamic-provider|run)\b|engineOperation\.cjs$/;

/** Interrupts the engine, as Ctrl-C does; kills the processes that have not exited after 15 seconds. */
export async function interruptOperation(mark: string): Promise<void> {
  const engines = findProcesses(mark).filter(({ words }) => path.basename(words[0] ?? "") === "pulumi");
  for (const { pid } of engines) sendSignal(pid, "SIGINT");
  const deadline = Date.now() + GRACE_MS;
  while (Date.now() < deadline && findProcesses(mark).length > 0)
    await new Promise((resolve) => setTimeout(resolve, 200));
  killOperation(mark);
}

/** Kills the remaining processes of an operation. */
export function killOperation(mark: string): void {
  for (const { pid } of findProcesses(mark)) sendSignal(pid, "SIGKILL");
}

interface EngineProcess {
  readonly pid: number;
  readonly words: readonly string[];
}

/** Linux only: elsewhere there is no /proc and nothing is found. */
function findProcesses(mark: string): readonly EngineProcess[] {
  if (!fs.existsSync("/proc/self/environ")) return [];
  const found: EngineProcess[] = [];
  for (const name of fs.readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const environment = fs.readFileSync(`/proc/${name}/environ`, "latin1").split("\0");
      if (!environment.includes(`${OPERATION_MARKER_VARIABLE}=${mark}`)) continue;
      const words = fs.readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0").slice(0, -1);
      const isPart = words.some(
        (word, i) =>
          ENGINE_COMMAND.test(i === 0 ? path.basename(word) : word) || /\/pulumi-(language|resource)-/.test(word),
      );
      if (isPart) found.push({ pid: Number(name), words });
    } catch {
      // it has exited, or belongs to another user
    }
  }
  return found;
}

function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it has just exited
  }
}
