/** The commands of schedules. Their output and their results are in the log of the instance. */
import * as fs from "node:fs/promises";
import { UnikernelError } from "../../../base/errors";
import { withTimeout } from "../../../base/timeout";
import type { Schedule } from "../../../contract/models";
import type { Registry } from "../../registry";
import type { Instance } from "../instance";
import { runCommand, toCommandError } from "./runCommand";

/** A scheduled command is killed after this time: nobody sees one that hangs. */
const TIMEOUT_MS = 10 * 60_000;
/** How much of the output is kept, in bytes. */
const MAX_OUTPUT_BYTES = 64 * 1024;

/** Runs the commands of schedules, each at most once at a time. */
export class ScheduledCommands {
  readonly #registry: Registry;
  /** Instances and names of schedules whose command runs. */
  readonly #running = new Set<string>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Runs the command of a schedule, if the instance runs or sleeps, and the command is not still running. Never rejects. */
  async run(instance: Instance, { name: schedule, args = [] }: Schedule): Promise<void> {
    const { log } = this.#registry.parts;
    const { uuid, name } = instance.record;
    const fields = { uuid, name, schedule };
    const key = JSON.stringify([uuid, schedule]);
    if (this.#running.has(key)) return log.write("schedule.skipped", { ...fields, reason: "its command still runs" });
    if (instance.state !== "running" && instance.state !== "standby" && instance.state !== "starting")
      return log.write("schedule.skipped", { ...fields, reason: `the instance is ${instance.state}` });
    this.#running.add(key);
    const output = new LimitedOutput();
    const startedAtMs = performance.now();
    let result: string;
    try {
      const write = (_output: unknown, bytes: Uint8Array): void => output.add(bytes);
      const exitCode = await withTimeout(
        TIMEOUT_MS,
        this.#registry.shutdownSignal,
        (signal) => runCommand(this.#registry, instance, { args, stdin: Buffer.alloc(0), write, signal }),
        timeoutError,
      );
      result = `ended with exit code ${exitCode} after ${Math.round(performance.now() - startedAtMs)} ms`;
    } catch (error) {
      if (this.#registry.isShutDown) return;
      result = `failed: ${toCommandError(error, log).message}`;
    } finally {
      this.#running.delete(key);
    }
    log.write("schedule.ran", { ...fields, result });
    const text = `${output.toText()}unikernel: the command of schedule '${schedule}' ${result}\n`;
    await fs.appendFile(this.#registry.parts.vmm.consoleLogPath(uuid), text, { mode: 0o600 }).catch(() => undefined); // it was deleted
  }
}

const timeoutError = (): UnikernelError =>
  new UnikernelError("WAIT_TIMEOUT", `It did not end within ${TIMEOUT_MS / 60_000} minutes and was killed.`);

/** The first bytes of an output. */
class LimitedOutput {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #leftOut = 0;

  add(bytes: Uint8Array): void {
    const taken = bytes.subarray(0, MAX_OUTPUT_BYTES - this.#bytes);
    this.#chunks.push(taken);
    this.#bytes += taken.length;
    this.#leftOut += bytes.length - taken.length;
  }

  /** Whole lines. */
  toText(): string {
    const text = Buffer.concat(this.#chunks).toString();
    const lines = text === "" || text.endsWith("\n") ? text : `${text}\n`;
    return this.#leftOut === 0 ? lines : `${lines}unikernel: ${this.#leftOut} more bytes were left out\n`;
  }
}
