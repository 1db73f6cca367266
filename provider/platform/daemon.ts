/** One daemon, from its lock to its last file. `main.ts` runs it as a program, tests run it in their own process. */
import * as fs from "node:fs/promises";
import type { DaemonFile } from "../contract/daemonFile";
import { type Clock, systemClock } from "../base/clock";
import { removeIfEmpty, writeFileAtomic } from "../base/files";
import type { LocalPaths } from "../base/localPaths";
import { VERSION } from "../base/version";
import { openLayout } from "../image/oci/layout";
import { removeEmptyLayout } from "../image/oci/removeEmptyLayout";
import { handlersOf } from "./handlers";
import { loadToken } from "./http/auth";
import { type ApiServer, serveApi } from "./http/server";
import { NEWEST, STRICT_2026 } from "./http/dialect";
import { IdleWatch } from "./idleShutdown";
import { keepConsoleLogsSmall } from "./instances/consoleRetention";
import { startTimers } from "./instances/schedule/timers";
import { fileLog, olderLog } from "./log";
import { Platform, type PlatformParts } from "./registry";
import { DEFAULT_QUOTAS, type Quotas } from "./quotaSettings";
import { reconcile } from "./recovery";
import { type Database, openDatabase } from "./store/database";
import { announced } from "./daemonSettings";
import { TIMINGS, type Timings } from "./timings";
import type { Vmm } from "./vmm/vmm";

/** What a daemon is started with. */
export interface DaemonOptions {
  readonly paths: LocalPaths;
  readonly vmm: Vmm;
  /** Defaults to the layout in `paths.images`. */
  readonly images?: PlatformParts["images"];
  readonly timings?: Partial<Timings>;
  /** Of schedules and autokill; the machine's by default. */
  readonly clock?: Clock;
  /** Never ends by itself. */
  readonly stay?: boolean;
  /** Defaults to {@link DEFAULT_QUOTAS}. */
  readonly quotas?: Quotas;
  /** See {@link PlatformParts.strict2026}; off by default. */
  readonly strict2026?: boolean;
}

/** A daemon that serves. */
export interface Daemon {
  readonly url: string;
  readonly token: string;
  /** Resolves when the daemon has ended, by itself or by `close`. */
  readonly ended: Promise<void>;
  /**
   * Stops serving, lets go of the VMs, which run on, and ends; when nothing exists that a user made, no file of its own
   * stays. Safe to repeat.
   */
  close(): Promise<void>;
  /** Lets go of everything at once without tidying up, as a SIGKILL would; for tests. */
  abandon(): void;
}

/**
 * Starts the daemon of a state folder and resolves when it serves; `undefined` when another one has the folder.
 * Throws `DAEMON_FAILED`.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon | undefined> {
  const database = openDatabase(options.paths.database);
  if (database === undefined) return undefined;
  try {
    return await serve(options, database);
  } catch (error) {
    database.close();
    throw error;
  }
}

async function serve(options: DaemonOptions, database: Database): Promise<Daemon> {
  const { paths, vmm, stay = false, strict2026 = false, quotas = DEFAULT_QUOTAS } = options;
  const timings = { ...TIMINGS, ...options.timings };
  const log = fileLog(paths.logFile);
  const platform = new Platform({
    paths,
    database,
    vmm,
    timings,
    quotas,
    strict2026,
    log,
    clock: options.clock ?? systemClock,
    images: options.images ?? openLayout(paths.images),
  });
  await reconcile(platform);
  keepConsoleLogsSmall(platform);
  startTimers(platform);
  const token = await loadToken(paths.tokenFile);

  let ending: Promise<void> | undefined;
  let announceEnd: (outcome: Promise<void>) => void;
  const ended = new Promise<void>((resolve) => (announceEnd = resolve));
  const end = (work: () => Promise<void>): Promise<void> => {
    if (ending === undefined) {
      ending = work();
      announceEnd(ending);
    }
    return ending;
  };
  const stopServing = async (): Promise<void> => {
    idle?.stop();
    await fs.rm(paths.daemonFile, { force: true });
    await server.close(timings.closeGraceMs);
    platform.release();
  };
  const close = (): Promise<void> =>
    end(async () => {
      await stopServing();
      // Judged now: a last request may have created something after an idle daemon decided to end.
      const { isEmpty } = platform;
      log.write("daemon.ended", { empty: isEmpty });
      log.close();
      if (isEmpty) {
        await removeOwnFiles(paths);
        database.removeAndClose();
        await removeIfEmpty(paths.state);
      } else {
        database.close();
      }
    });
  const idle = stay
    ? undefined
    : new IdleWatch(
        timings.idleExitMs,
        () => platform.isEmpty,
        () => void close(),
      );
  const server: ApiServer = await serveApi({
    handlers: handlersOf(platform, () => server.url),
    dialect: strict2026 ? STRICT_2026 : NEWEST,
    token,
    timings,
    log,
    onRequest: (change) => idle?.request(change),
  });
  const ready: DaemonFile = {
    pid: process.pid,
    url: server.url,
    version: VERSION,
    startedAt: new Date().toISOString(),
    settings: announced(stay, strict2026, quotas),
  };
  await writeFileAtomic(paths.daemonFile, JSON.stringify(ready), 0o600);
  log.write("daemon.ready", { pid: process.pid, url: server.url, version: VERSION });

  return {
    url: server.url,
    token,
    ended,
    close,
    abandon: () => {
      idle?.stop();
      platform.release();
      void server.close(0);
      log.close();
      database.close();
    },
  };
}

/** All files but the database, which is the lock and goes last. Images stay as long as there are any. */
async function removeOwnFiles(paths: LocalPaths): Promise<void> {
  for (const file of [paths.tokenFile, paths.logFile, olderLog(paths.logFile)]) await fs.rm(file, { force: true });
  for (const folder of [paths.boot, paths.volumes, paths.instances, paths.run]) {
    await fs.rm(folder, { recursive: true, force: true });
  }
  await removeEmptyLayout(paths.images);
}
