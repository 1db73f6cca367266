/** One daemon, from its lock to its last file. `main.ts` runs it as a program, tests run it in their own process. */
import * as fs from "node:fs/promises";
import type { DaemonFile } from "../contract/daemonFile";
import { type Clock, systemClock } from "../base/clock";
import { removeIfEmpty, writeFileAtomic } from "../base/files";
import type { LocalPaths } from "../base/localPaths";
import { VERSION } from "../base/version";
import { openLayout } from "../image/oci/layout";
import { removeEmptyLayout } from "../image/oci/removeEmptyLayout";
import { createHandlers } from "./handlers";
import { loadOrCreateToken } from "./http/auth";
import { type ApiServer, startApiServer } from "./http/server";
import { NEWEST_DIALECT, STRICT_2026_DIALECT } from "./http/dialect";
import { IdleShutdown } from "./idleShutdown";
import { InstanceActor } from "./instances/actor";
import { createInstanceEnvironment } from "./instances/createEnvironment";
import { startConsoleRetention } from "./instances/consoleRetention";
import { startScheduler } from "./instances/schedule/scheduler";
import { openFileLog, rotatedLogPath } from "./log";
import { Registry, type RegistryParts } from "./registry";
import { DEFAULT_QUOTAS, type Quotas } from "./quota/quotaSettings";
import { reconcile } from "./recovery";
import { type Database, openDatabase } from "./store/database";
import { toDaemonSettings } from "./daemonSettings";
import { DEFAULT_TIMINGS, type Timings } from "./timings";
import type { Vmm } from "./vmm/vmm";

/** What a daemon is started with. */
export interface DaemonOptions {
  readonly paths: LocalPaths;
  readonly vmm: Vmm;
  /** Defaults to the layout in `paths.images`. */
  readonly images?: RegistryParts["images"];
  readonly timings?: Partial<Timings>;
  /** Of schedules and autokill; the machine's by default. */
  readonly clock?: Clock;
  /** Never ends by itself. */
  readonly stay?: boolean;
  /** Defaults to {@link DEFAULT_QUOTAS}. */
  readonly quotas?: Quotas;
  /** See {@link RegistryParts.strict2026}; off by default. */
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
  simulateKill(): void;
}

/**
 * Starts the daemon of a state folder and resolves when it serves; `undefined` when another one has the folder.
 * Throws `DAEMON_FAILED`.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon | undefined> {
  const database = openDatabase(options.paths.databaseFile);
  if (database === undefined) return undefined;
  try {
    return await startServing(options, database);
  } catch (error) {
    database.close();
    throw error;
  }
}

async function startServing(options: DaemonOptions, database: Database): Promise<Daemon> {
  const { paths, vmm, stay = false, strict2026 = false, quotas = DEFAULT_QUOTAS } = options;
  const timings = { ...DEFAULT_TIMINGS, ...options.timings };
  const log = openFileLog(paths.logFile);
  const registry = new Registry({
    paths,
    database,
    vmm,
    timings,
    quotas,
    strict2026,
    log,
    clock: options.clock ?? systemClock,
    images: options.images ?? openLayout(paths.imagesDir),
    createInstance: (record, of) => new InstanceActor(record, createInstanceEnvironment(of)),
  });
  await reconcile(registry);
  startConsoleRetention(registry);
  startScheduler(registry);
  const token = await loadOrCreateToken(paths.tokenFile);

  let idle: IdleShutdown | undefined;
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
    registry.shutDown();
  };
  const close = (): Promise<void> =>
    end(async () => {
      await stopServing();
      // Judged now: a last request may have created something after an idle daemon decided to end.
      const { isEmpty } = registry;
      log.write("daemon.ended", { empty: isEmpty });
      log.close();
      if (isEmpty) {
        await removeDaemonFiles(paths);
        database.removeAndClose();
        await removeIfEmpty(paths.stateDir);
      } else {
        database.close();
      }
    });
  const server: ApiServer = await startApiServer({
    handlers: createHandlers(registry, () => server.url),
    dialect: strict2026 ? STRICT_2026_DIALECT : NEWEST_DIALECT,
    token,
    timings,
    log,
  });
  const ready: DaemonFile = {
    pid: process.pid,
    url: server.url,
    version: VERSION,
    startedAt: new Date().toISOString(),
    settings: toDaemonSettings(stay, quotas),
  };
  await writeFileAtomic(paths.daemonFile, JSON.stringify(ready), 0o600);
  // Not before: it removes the file that has just been written.
  if (!stay)
    idle = new IdleShutdown(
      timings.idleExitMs,
      server.activity,
      () => registry.isEmpty,
      () => void close(),
    );
  log.write("daemon.ready", { pid: process.pid, url: server.url, version: VERSION });

  return {
    url: server.url,
    token,
    ended,
    close,
    simulateKill: () => {
      idle?.stop();
      registry.shutDown();
      void server.close(0);
      log.close();
      database.close();
    },
  };
}

/** All files but the database, which is the lock and goes last. Images stay as long as there are any. */
async function removeDaemonFiles(paths: LocalPaths): Promise<void> {
  for (const file of [paths.tokenFile, paths.logFile, rotatedLogPath(paths.logFile)])
    await fs.rm(file, { force: true });
  for (const folder of [paths.bootDir, paths.volumesDir, paths.instancesDir, paths.runDir]) {
    await fs.rm(folder, { recursive: true, force: true });
  }
  await removeEmptyLayout(paths.imagesDir);
}
