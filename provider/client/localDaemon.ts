/** Finds the local platform's daemon and starts it if none is running. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { systemClock } from "../base/clock";
import { daemonFile, type DaemonSettings } from "../contract/daemonFile";
import { UnikernelError } from "../base/errors";
import { isProcessAlive, spawnDetached } from "../base/exec";
import { type LocalPaths, ensureUsable, localPaths } from "../base/localPaths";
import { assertNodeIsNewEnough } from "../base/version";

/** A running daemon that responds. */
export interface LocalDaemon {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** Bearer token of its API. Secret. */
  readonly token: string;
  readonly pid: number;
  /** Settings that it was started with. */
  readonly settings: DaemonSettings;
}

const START_TIMEOUT_MS = 15_000;
const POLL_INTERVAL_MS = 50;
/** Time that a started daemon has to respond before another one is started. */
const RESPAWN_AFTER_MS = 5_000;
const RESPONSE_TIMEOUT_MS = 5_000;
const LOG_EXCERPT_LINES = 10;
/** With less, the daemon can write neither its database nor its log and exits without an error message. */
const MIN_FREE_BYTES = 256 * 1024;

/**
 * Returns the daemon of this machine's local platform, and starts one if none responds. Safe to call from many processes at
 * once: only one daemon stays, because the others find the state folder locked and exit.
 *
 * Throws `DAEMON_FAILED` with the last lines of the daemon's log if none responds within 15 s; `NO_SPACE` if the disk is full;
 * `NOT_SUPPORTED` if this Node is too old to run one.
 *
 * @param options.daemonArguments command-line arguments for a daemon started by this call; none by default
 */
export async function connectLocalDaemon(
  options: { readonly signal?: AbortSignal; readonly daemonArguments?: readonly string[] } = {},
): Promise<LocalDaemon> {
  const { signal, daemonArguments = [] } = options;
  const paths = localPaths();
  const deadline = systemClock.now() + START_TIMEOUT_MS;
  let spawned: { readonly pid: number | undefined; readonly at: number } | undefined;
  do {
    signal?.throwIfAborted();
    const found = await findLocalDaemon(paths, signal);
    if (found !== undefined) return found;
    const now = systemClock.now();
    const isUnresponsive = spawned !== undefined && now - spawned.at > RESPAWN_AFTER_MS;
    if (spawned === undefined || isUnresponsive || !isProcessAlive(spawned.pid)) {
      // A daemon that exited had found another one, which may itself be exiting. So look again, then start again.
      spawned = { pid: await spawnDaemon(paths, daemonArguments), at: now };
    }
    await systemClock.sleep(POLL_INTERVAL_MS, signal);
  } while (systemClock.now() < deadline);
  const log = (await fs.readFile(paths.logFile, "utf8").catch(() => "")).trim();
  const lines = log.split("\n").slice(-LOG_EXCERPT_LINES);
  const logExcerpt =
    log === "" ? "Its log is empty." : `Last lines of its log:\n${lines.map((line) => `  | ${line}`).join("\n")}\n`;
  throw new UnikernelError(
    "DAEMON_FAILED",
    `The local platform did not respond within ${START_TIMEOUT_MS / 1000} s. ${logExcerpt}`,
    {
      hint: `Read ${paths.logFile}, or run '${process.execPath} ${daemonProgramPath()}' to see the error.`,
    },
  );
}

/** The running daemon; `undefined` if none responds within 5 s. Never starts one. Throws only the signal's reason. */
export async function findLocalDaemon(
  paths: LocalPaths = localPaths(),
  signal?: AbortSignal,
): Promise<LocalDaemon | undefined> {
  try {
    const { url, pid, settings } = daemonFile.parse(JSON.parse(await fs.readFile(paths.daemonFile, "utf8")));
    if (!isProcessAlive(pid)) return undefined; // its port may belong to another program now, which must not receive the token
    const token = (await fs.readFile(paths.tokenFile, "utf8")).trim();
    const timeoutSignal = AbortSignal.timeout(RESPONSE_TIMEOUT_MS);
    const response = await fetch(`${url}/v1/healthz`, {
      headers: { Authorization: `Bearer ${token}`, Connection: "close" },
      signal: signal === undefined ? timeoutSignal : AbortSignal.any([timeoutSignal, signal]),
    });
    await response.arrayBuffer();
    return response.status === 200 ? { url, token, pid, settings } : undefined;
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

/** True for metro `local` while its daemon does not run. Nothing runs on it then, and nobody publishes a port. Never starts one. */
export const isLocalDaemonDown = async (metro: string, signal?: AbortSignal): Promise<boolean> =>
  metro === "local" && (await findLocalDaemon(undefined, signal)) === undefined;

async function spawnDaemon(paths: LocalPaths, daemonArguments: readonly string[]): Promise<number | undefined> {
  assertNodeIsNewEnough(process.versions.node);
  await ensureUsable(paths.stateDir);
  const { bavail, bsize } = await fs.statfs(paths.stateDir);
  if (bavail * bsize < MIN_FREE_BYTES) {
    throw new UnikernelError(
      "NO_SPACE",
      `There is no space left on the disk of '${paths.stateDir}' to start the local platform.`,
      { hint: "Free some space, or point UNIKERNEL_STATE_DIR at a larger disk." },
    );
  }
  const args = ["--disable-warning=ExperimentalWarning", daemonProgramPath(), ...daemonArguments];
  return spawnDetached(process.execPath, args, { output: paths.logFile, cwd: "/" });
}

/** The daemon's program: next to this file if compiled, in `dist` if this file runs from source. */
function daemonProgramPath(): string {
  const compiled = path.join(__dirname, "..", "platform", "main.js");
  return __filename.endsWith(".ts")
    ? path.join(__dirname, "..", "..", "dist", "provider", "platform", "main.js")
    : compiled;
}
