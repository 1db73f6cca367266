/** Processes that end with this one, even if it is killed. */
import * as childProcess from "node:child_process";
import * as fs from "node:fs";

/** A started process. */
export interface BoundProcess {
  readonly pid: number;
  /** Its exit code, or 128 plus the number of the signal that ended it, as a shell reports it. */
  readonly ended: Promise<number>;
  /** Undefined while it runs. */
  readonly exitCode: () => number | undefined;
  /** Sends SIGTERM, then SIGKILL after the time given, and waits for the end. */
  readonly stop: (graceMs: number) => Promise<void>;
}

/** How to start it. */
export interface BoundProcessOptions {
  readonly command: readonly [string, ...string[]];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** File that its output is appended to. */
  readonly log: string;
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGKILL: 9,
  SIGTERM: 15,
  SIGINT: 2,
  SIGSEGV: 11,
  SIGABRT: 6,
};

/** Starts a process. The kernel kills it when this process ends. */
export function startBoundProcess({ command, env, cwd, log }: BoundProcessOptions): BoundProcess {
  const output = fs.openSync(log, "a");
  const child = childProcess.spawn("setpriv", ["--pdeathsig", "KILL", ...command], {
    env: env ?? process.env,
    ...(cwd === undefined ? {} : { cwd }),
    stdio: ["ignore", output, output],
  });
  fs.closeSync(output);
  let exitCode: number | undefined;
  const ended = new Promise<number>((resolve) => {
    const settle = (code: number): void => {
      exitCode ??= code;
      resolve(exitCode);
    };
    child.once("error", (error) => {
      fs.appendFileSync(log, `${error.message}\n`);
      settle(127);
    });
    child.once("exit", (code, signal) => settle(code ?? 128 + (SIGNAL_NUMBERS[signal ?? ""] ?? 0)));
  });
  const stop = async (graceMs: number): Promise<void> => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    await ended;
    clearTimeout(timer);
  };
  return { pid: child.pid ?? 0, ended, exitCode: () => exitCode, stop };
}
