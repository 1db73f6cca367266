/**
 * Saves and loads the state of a paused VM over QMP: its devices, and its memory unless that is in a file that QEMU shares with others, which
 * `x-ignore-shared` leaves out. Source: QEMU, qapi/migration.json.
 *
 * QEMU's sandbox forbids the helpers that `exec:` needs, and QEMU 7.2 has no `file:`, so the state goes through a UNIX socket.
 */
import * as fs from "node:fs";
import * as fsp from "node:fs/promises";
import * as net from "node:net";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import * as z from "zod";
import { systemClock } from "../../../../base/clock";
import { ContentMeter, type Digest } from "../../../../base/digest";
import { UnikernelError } from "../../../../base/errors";
import { QemuTimeoutError, type QmpClient } from "../qmpClient";

/** Some milliseconds are usual for the some hundred KiB of the devices. */
const TIMEOUT_MS = 20_000;
/** The memory of a large guest takes some seconds on a fast disk. */
const MEMORY_TIMEOUT_MS = 300_000;
const POLL_MS = 2;
/** QEMU's own limit, 128 MiB per second, is meant for networks. */
const MAX_BANDWIDTH = 2 ** 40;

/** Where the state of a VM is, or goes. */
export interface VmStateFile {
  /** Path of a UNIX socket that exists only meanwhile. */
  readonly socket: string;
  readonly file: string;
  /** True: the file also holds the guest's memory. False: another file does. */
  readonly withMemory: boolean;
}

const runState = z.object({ status: z.string() });
const migrationInfo = z.object({ status: z.string().optional(), "error-desc": z.string().optional() });

/**
 * Writes the state to a file (0600) and through to the disk. Returns its digest. The VM stays paused, whatever happens.
 *
 * Throws `VMM_FAILED` with QEMU's message, file system errors, and the signal's reason.
 */
export async function saveVmState(
  qmp: QmpClient,
  { socket, file, withMemory }: VmStateFile,
  signal?: AbortSignal,
): Promise<Digest> {
  await fsp.rm(socket, { force: true });
  const server = net.createServer();
  const { promise: connected, resolve } = Promise.withResolvers<net.Socket>();
  server.once("connection", (stream) => resolve(withoutErrors(stream)));
  await new Promise<void>((listening, failed) => void server.once("error", failed).listen(socket, listening));
  try {
    await leavePostMigrate(qmp);
    await prepareTransfer(qmp, withMemory);
    await qmp.execute("migrate", { uri: `unix:${socket}` });
    const written = connected.then((stream) => writeState(stream, file));
    written.catch(() => undefined); // awaited below
    try {
      await untilMigrated(qmp, withMemory, signal);
    } catch (error) {
      // QEMU also fails if this side does; then that is the reason.
      const reason = written.then(
        () => error,
        (own: unknown) => own,
      );
      throw await Promise.race([reason, setImmediate(error)]);
    }
    return await written;
  } finally {
    server.close();
    await fsp.rm(socket, { force: true });
  }
}

async function writeState(stream: net.Socket, file: string): Promise<Digest> {
  const meter = new ContentMeter();
  const target = fs.createWriteStream(file, { mode: 0o600, flush: true });
  await pipeline(stream, (chunks) => meter.measure(chunks), target);
  return meter.digest();
}

/**
 * Loads the state into a VM that was started with `-incoming defer -S`, which is paused then. Throws `VMM_FAILED` with QEMU's message, and file
 * system errors.
 */
export async function loadVmState(qmp: QmpClient, { socket, file, withMemory }: VmStateFile): Promise<void> {
  await fsp.rm(socket, { force: true });
  try {
    await prepareTransfer(qmp, withMemory);
    await qmp.execute("migrate-incoming", { uri: `unix:${socket}` });
    // QEMU closes the connection once it has everything, perhaps before this side has. Whether it has, it says itself.
    await pipeline(fs.createReadStream(file), withoutErrors(net.connect(socket))).catch(() => undefined);
    await untilMigrated(qmp, withMemory);
  } finally {
    await fsp.rm(socket, { force: true });
  }
}

/**
 * QEMU transfers a VM once between two resumes. If it has done that for a daemon that ended before the VM was marked as saved, the guest
 * must run for a moment; nobody connects to it.
 */
async function leavePostMigrate(qmp: QmpClient): Promise<void> {
  if (runState.parse(await qmp.execute("query-status")).status !== "postmigrate") return;
  await qmp.execute("cont");
  await qmp.execute("stop");
}

/** The stream; its errors go to whom they concern, and those after that to nobody instead of ending the process. */
const withoutErrors = (stream: net.Socket): net.Socket => stream.on("error", () => undefined);

async function prepareTransfer(qmp: QmpClient, withMemory: boolean): Promise<void> {
  const capabilities = [{ capability: "x-ignore-shared", state: !withMemory }];
  await qmp.execute("migrate-set-capabilities", { capabilities });
  await qmp.execute("migrate-set-parameters", { "max-bandwidth": MAX_BANDWIDTH });
}

async function untilMigrated(qmp: QmpClient, withMemory: boolean, signal?: AbortSignal): Promise<void> {
  const timeoutMs = withMemory ? MEMORY_TIMEOUT_MS : TIMEOUT_MS;
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline && signal?.aborted !== true) {
    const info = migrationInfo.parse(await qmp.execute("query-migrate"));
    if (info.status === "completed") return;
    if (info.status === "failed" || info.status === "cancelled")
      throw new UnikernelError(
        "VMM_FAILED",
        `QEMU could not transfer the state: ${info["error-desc"] ?? info.status}.`,
      );
    await systemClock.sleep(POLL_MS);
  }
  await qmp.execute("migrate_cancel").catch(() => undefined);
  signal?.throwIfAborted();
  throw new QemuTimeoutError(`QEMU did not transfer the state within ${timeoutMs} ms.`);
}
