/** Finds the local platform's daemon, and starts it when none runs. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { systemClock } from "../base/clock";
import { daemonFile, type DaemonSettings } from "../contract/daemonFile";
import { UnikernelError } from "../base/errors";
import { spawnDetached } from "../base/exec";
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

const START_LIMIT_MS = 15_000;
const PAUSE_MS = 50;
/** How long one daemon that was started may say nothing before another one is started. */
const SPAWN_EVERY_MS = 5_000;
const ANSWER_LIMIT_MS = 5_000;
const LAST_LINES = 10;
/** A daemon that cannot write its database and its log ends without a word. */
const OWN_FILES_BYTES = 256 * 1024;

/**
 * The daemon of this machine's local platform; starts it when none answers. Any number of processes may call this at
 * once: one daemon results, since the others find the state folder taken and end.
 *
 * @param options.daemonArguments command line of the daemon, if it is started by this call; none by default
 * Throws `DAEMON_FAILED` with the last lines of the daemon's log when none answers after 15 seconds, `NO_SPACE`.
 */
export async function connectLocal(
  options: { readonly signal?: AbortSignal; readonly daemonArguments?: readonly string[] } = {},
): Promise<LocalDaemon> {
  const { signal, daemonArguments = [] } = options;
  const paths = localPaths();
  const deadline = systemClock.now() + START_LIMIT_MS;
  let spawned: { readonly pid: number | undefined; readonly at: number } | undefined;
  do {
    signal?.throwIfAborted();
    const found = await findLocal(paths, signal);
    if (found !== undefined) return found;
    const now = systemClock.now();
    const silent = spawned !== undefined && now - spawned.at > SPAWN_EVERY_MS;
    if (spawned === undefined || silent || !isAlive(spawned.pid)) {
      // One that ended found another daemon in its place, which may itself be ending: so ask again, then try again.
      spawned = { pid: await spawnDaemon(paths, daemonArguments), at: now };
    }
    await systemClock.sleep(PAUSE_MS, signal);
  } while (systemClock.now() < deadline);
  const log = (await fs.readFile(paths.logFile, "utf8").catch(() => "")).trim();
  const lines = log.split("\n").slice(-LAST_LINES);
  const said =
    log === "" ? "Its log is empty." : `Last lines of its log:\n${lines.map((line) => `  | ${line}`).join("\n")}\n`;
  throw new UnikernelError(
    "DAEMON_FAILED",
    `The local platform did not answer within ${START_LIMIT_MS / 1000} s. ${said}`,
    {
      hint: `Read ${paths.logFile}, or run '${process.execPath} ${program()}' to see what is wrong.`,
    },
  );
}

/** The daemon if one answers; never starts one. */
export async function findLocal(
  paths: LocalPaths = localPaths(),
  signal?: AbortSignal,
): Promise<LocalDaemon | undefined> {
  try {
    const { url, pid, settings } = daemonFile.parse(JSON.parse(await fs.readFile(paths.daemonFile, "utf8")));
    if (!isAlive(pid)) return undefined; // its port may be another program's by now, which must not get the token
    const token = (await fs.readFile(paths.tokenFile, "utf8")).trim();
    const limit = AbortSignal.timeout(ANSWER_LIMIT_MS);
    const answer = await fetch(`${url}/v1/healthz`, {
      headers: { Authorization: `Bearer ${token}`, Connection: "close" },
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    });
    await answer.arrayBuffer();
    return answer.status === 200 ? { url, token, pid, settings } : undefined;
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

async function spawnDaemon(paths: LocalPaths, daemonArguments: readonly string[]): Promise<number | undefined> {
  await fs.mkdir(paths.state, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await fs.statfs(paths.state);
  if (bavail * bsize < OWN_FILES_BYTES) {
    throw new UnikernelError(
      "NO_SPACE",
      `There is no space left on the disk of '${paths.state}' to start the local platform.`,
      { hint: "Free some space, or point UNIKERNEL_STATE_DIR at a larger disk." },
    );
  }
  const args = ["--disable-warning=ExperimentalWarning", program(), ...daemonArguments];
  return spawnDetached(process.execPath, args, { output: paths.logFile, cwd: "/" });
}

/** The daemon's program: beside this file when compiled, in `dist` when this file runs from its source. */
function program(): string {
  const compiled = path.join(__dirname, "..", "platform", "main.js");
  return __filename.endsWith(".ts")
    ? path.join(__dirname, "..", "..", "dist", "provider", "platform", "main.js")
    : compiled;
}

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
