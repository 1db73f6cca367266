/** Finds the local platform's daemon, and starts it when none runs. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { systemClock } from "../base/clock";
import { daemonFile, type DaemonSettings } from "../contract/daemonFile";
import { UnikernelError } from "../base/errors";
import { isProcessAlive, spawnDetached } from "../base/exec";
import { type LocalPaths, localPaths } from "../base/localPaths";

/** A daemon that answers. */
export interface LocalDaemon {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  /** What it was started with. */
  readonly settings: DaemonSettings;
}

const START_TIMEOUT_MS = 15_000;
const POLL_INTERVAL_MS = 50;
/** How long one daemon that was started may say nothing before another one is started. */
const RESPAWN_AFTER_MS = 5_000;
const RESPONSE_TIMEOUT_MS = 5_000;
const LOG_EXCERPT_LINES = 10;
/** A daemon that cannot write its database and its log ends without a word. */
const MIN_FREE_BYTES = 256 * 1024;

/**
 * The daemon of this machine's local platform; starts it when none answers. Any number of processes may call this at
 * once: one daemon results, since the others find the state folder taken and end.
 *
 * @param options.daemonArguments command line of the daemon, if it is started by this call; none by default
 * Throws `DAEMON_FAILED` with the last lines of the daemon's log when none answers after 15 seconds, `NO_SPACE`.
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
      // One that ended found another daemon in its place, which may itself be ending: so ask again, then try again.
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
    `The local platform did not answer within ${START_TIMEOUT_MS / 1000} s. ${logExcerpt}`,
    {
      hint: `Read ${paths.logFile}, or run '${process.execPath} ${daemonProgramPath()}' to see what is wrong.`,
    },
  );
}

/** The daemon if one answers; never starts one. */
export async function findLocalDaemon(
  paths: LocalPaths = localPaths(),
  signal?: AbortSignal,
): Promise<LocalDaemon | undefined> {
  try {
    const { url, pid, settings } = daemonFile.parse(JSON.parse(await fs.readFile(paths.daemonFile, "utf8")));
    if (!isProcessAlive(pid)) return undefined; // its port may be another program's by now, which must not get the token
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

async function spawnDaemon(paths: LocalPaths, daemonArguments: readonly string[]): Promise<number | undefined> {
  await fs.mkdir(paths.stateDir, { recursive: true, mode: 0o700 });
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

/** The daemon's program: beside this file when compiled, in `dist` when this file runs from its source. */
function daemonProgramPath(): string {
  const compiled = path.join(__dirname, "..", "platform", "main.js");
  return __filename.endsWith(".ts")
    ? path.join(__dirname, "..", "..", "dist", "provider", "platform", "main.js")
    : compiled;
}
