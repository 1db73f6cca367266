/** Operations of a stack with the real engine, whose process id is known while it runs. */
import * as childProcess from "node:child_process";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Victims } from "./killPlan";
import { type ProcessIdentity, findDescendants, identify, isRunning, sendSignal } from "./processTree";
import type { SessionMessage, SessionRequest } from "./engineProcess";

/** The result of an operation. */
export interface SessionResult {
  readonly succeeded: boolean;
  /** What the engine printed. */
  readonly output: string;
  readonly durationMs: number;
}

/** Longer than any operation of the soak's program takes. */
const OPERATION_TIMEOUT_MS = 180_000;
/** Time that a provider without engine gets to end by itself. */
const PROVIDER_GRACE_MS = 20_000;

/** One process that runs the program, and the engines that it starts. It is of no use after a kill. */
export class EngineSession {
  readonly #child: childProcess.ChildProcess;
  #engine: ProcessIdentity | undefined;
  /** Providers and their shells that were alive when their engine was killed. */
  #orphans: readonly ProcessIdentity[] = [];
  #output = "";
  #onEnded: (succeeded: boolean) => void = () => undefined;

  constructor(folder: string, environment: NodeJS.ProcessEnv) {
    this.#child = childProcess.fork(path.join(__dirname, "engineProcess.ts"), [], {
      cwd: folder,
      env: environment,
      execArgv: ["-r", require.resolve("tsx/cjs")],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true, // Ctrl-C is for the harness alone, which ends the soak in order
    });
    const take = (text: string) => (this.#output += text);
    this.#child.stdout?.setEncoding("utf8").on("data", take);
    this.#child.stderr?.setEncoding("utf8").on("data", take);
    this.#child.on("message", (message: SessionMessage) => {
      if (message.kind === "engine") this.#engine = identify(message.pid);
      else if (message.kind === "output") take(message.text);
      else this.#onEnded(message.succeeded);
    });
    this.#child.on("exit", () => this.#onEnded(false));
  }

  /** Runs an operation. A killed one fails. */
  async run(operation: SessionRequest["operation"], options: Partial<SessionRequest> = {}): Promise<SessionResult> {
    const startedAt = Date.now();
    this.#output = "";
    this.#engine = undefined;
    const ended = new Promise<boolean>((resolve) => (this.#onEnded = resolve));
    const request: SessionRequest = { expectNoChanges: false, replace: [], ...options, operation };
    this.#child.send(request);
    const timeout = setTimeout(() => {
      this.#output += `\nended by the harness after ${OPERATION_TIMEOUT_MS / 1000} s`;
      void this.kill("engine and provider");
    }, OPERATION_TIMEOUT_MS);
    const succeeded = await ended;
    clearTimeout(timeout);
    return { succeeded, output: this.#output, durationMs: Date.now() - startedAt };
  }

  /** SIGSTOP. */
  pause(): void {
    if (this.#engine !== undefined) sendSignal(this.#engine, "SIGSTOP");
  }

  /** SIGKILL of the engine, alone or with the provider and its shell. Resolves when they have ended. */
  async kill(victims: Victims): Promise<void> {
    const engine = this.#engine;
    if (engine === undefined) return;
    const below = findDescendants(engine.pid);
    const killed = victims === "engine" ? [engine] : [engine, ...below];
    for (const one of killed) sendSignal(one, "SIGKILL");
    if (victims === "engine") this.#orphans = below;
    while (killed.some(isRunning)) await delay(5);
  }

  /** Ends the program's process and waits for orphaned providers. Returns how many had to be killed. */
  async close(): Promise<number> {
    this.#child.disconnect();
    const deadline = Date.now() + PROVIDER_GRACE_MS;
    while (this.#orphans.some(isRunning) && Date.now() < deadline) await delay(50);
    const remaining = this.#orphans.filter(isRunning);
    for (const one of remaining) sendSignal(one, "SIGKILL");
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
    return remaining.length;
  }
}
