/** The daemon: starts and stops the local platform. `main.ts` runs it as a program, tests in their own process. */
import * as fs from "node:fs/promises";
import type { DaemonFile } from "../contract/daemonFile";
import { type Clock, systemClock } from "../base/clock";
import { removeIfEmpty, writeFileAtomic } from "../base/files";
import type { LocalPaths } from "../base/localPaths";
import { ensurePlatformId } from "../base/platformId";
import { VERSION } from "../base/version";
import { openLayout } from "../image/oci/layout";
import { removeEmptyLayout } from "../image/oci/transaction";
import { createHandlers } from "./handlers";
import { createBearerCheck, loadOrCreateToken } from "./http/auth";
import { dashboardEndpoint } from "./http/dashboard/endpoint";
import { commandEndpoint } from "./http/endpoints/commands";
import { metricsEndpoint } from "./http/endpoints/metrics";
import { type ApiServer, startApiServer } from "./http/server";
import { NEWEST_DIALECT, STRICT_2026_DIALECT } from "./http/dialect";
import { IdleShutdown } from "./idleShutdown";
import { InstanceActor } from "./instances/actor";
import { createInstanceEnvironment } from "./instances/createEnvironment";
import { startConsoleRetention } from "./instances/consoleRetention";
import { startScheduler } from "./instances/schedule/scheduler";
import { openFileLog, rotatedLogPath } from "./log";
import type { PulledImages } from "./pulledImages";
import { Registry, type RegistryParts } from "./registry";
import { DEFAULT_QUOTAS, type Quotas } from "./quota/quotaSettings";
import { reconcile } from "./recovery";
import { type Database, openDatabase } from "./store/database";
import { toDaemonSettings } from "./daemonSettings";
import { DEFAULT_TIMINGS, type Timings } from "./timings";
import type { Vmm } from "./vmm/vmm";

/** Options of {@link startDaemon}. */
export interface DaemonOptions {
  /** The files of the state folder, which may not exist yet. */
  readonly paths: LocalPaths;
  /** Runs the VMs. */
  readonly vmm: Vmm;
  /** The images; `undefined`: the OCI layout in `paths.imagesDir`. */
  readonly images?: RegistryParts["images"];
  /** See {@link RegistryParts.pulledImages}. */
  readonly pulledImages?: PulledImages;
  /** Overrides of {@link DEFAULT_TIMINGS}, for tests. */
  readonly timings?: Partial<Timings>;
  /** The clock of schedules and autokill; `undefined`: the system clock. */
  readonly clock?: Clock;
  /** Keep running when idle; off by default. */
  readonly stay?: boolean;
  /** Port of the API on the loopback; `undefined`: a free one that the kernel chooses. */
  readonly port?: number | undefined;
  /** The quotas; `undefined`: {@link DEFAULT_QUOTAS}. */
  readonly quotas?: Quotas;
  /** See {@link RegistryParts.strict2026}; off by default. */
  readonly strict2026?: boolean;
}

/** A running daemon. */
export interface Daemon {
  /** Base URL of the API, such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** Bearer token of the API. Secret. */
  readonly token: string;
  /** Resolves when the daemon has ended: after {@link close}, or because it was idle. */
  readonly ended: Promise<void>;
  /**
   * Stops serving, disconnects from the VMs, which keep running, and ends. Removes the daemon's files if the platform is
   * empty. Idempotent.
   */
  close(): Promise<void>;
  /** Ends at once without cleanup, like a SIGKILL; for tests. */
  simulateKill(): void;
}

/**
 * Starts the daemon of a state folder. Resolves once it serves requests, or with `undefined` if another daemon uses the
 * folder.
 *
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
  const { paths, vmm, stay = false, strict2026 = false, quotas = DEFAULT_QUOTAS, port } = options;
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
    pulledImages: options.pulledImages,
    createInstance: (record, owner) => new InstanceActor(record, createInstanceEnvironment(owner)),
  });
  await reconcile(registry);
  startConsoleRetention(registry);
  startScheduler(registry);
  const token = await loadOrCreateToken(paths.tokenFile);
  ensurePlatformId(paths.platformIdFile);
  const isAuthorized = createBearerCheck(token);

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
      // Checked only now: a last request may have created an object after the idle shutdown began.
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
    endpoints: [
      metricsEndpoint(registry, isAuthorized),
      commandEndpoint(registry, isAuthorized),
      dashboardEndpoint({ registry, isAuthorized, url: () => server.url }),
    ],
    token,
    port,
    timings,
    log,
  });
  const ready: DaemonFile = {
    pid: process.pid,
    url: server.url,
    version: VERSION,
    startedAt: new Date().toISOString(),
    settings: toDaemonSettings(stay, quotas, port),
  };
  await writeFileAtomic(paths.daemonFile, JSON.stringify(ready), 0o600);
  // Only after the write, because the idle shutdown removes this file.
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

/** Removes all files except the database, which is the lock and is removed last, the platform's ID, and the images, if there are any. */
async function removeDaemonFiles(paths: LocalPaths): Promise<void> {
  for (const file of [paths.tokenFile, paths.logFile, rotatedLogPath(paths.logFile)])
    await fs.rm(file, { force: true });
  for (const folder of [paths.pulledImagesDir, paths.bootDir, paths.volumesDir, paths.instancesDir, paths.runDir]) {
    await fs.rm(folder, { recursive: true, force: true });
  }
  await removeEmptyLayout(paths.imagesDir);
}
