/**
 * A file lock between processes that recovers when its holder dies.
 *
 * The lock file is created atomically with its content (as a hard link to a finished file), so no reader sees it half
 * written. It contains the holder's process id and a unique token. A stale lock is removed under a second lock, named
 * after the stale token: its holder removes the file only while the file still has that token. Only that process may
 * then touch the file, so a new lock is never removed by mistake. If the remover dies too, the same rule applies to its
 * lock.
 *
 * Holders must share one process id namespace: the folder cannot be shared between machines or containers.
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { UnikernelError, hasErrorCode } from "../../base/errors";
import { isProcessAlive } from "../../base/exec";
import { createFolder } from "../../base/files";

const POLL_INTERVAL_MS = 10;
const ACQUIRE_TIMEOUT_MS = 60_000;

/** How a lock is waited for. */
export interface LockOptions {
  /** How long another process may hold it; `undefined`: a minute. */
  readonly timeoutMs?: number;
  /** What it protects, for the error; `undefined`: the image layout. */
  readonly subject?: string;
  readonly signal?: AbortSignal;
}

/** Runs `work` while holding the lock `file`. Throws `BUILD_FAILED` when another process holds it for too long. */
export async function withFileLock<T>(file: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const release = await acquire(file, Date.now() + (options.timeoutMs ?? ACQUIRE_TIMEOUT_MS), options);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function acquire(file: string, deadline: number, options: LockOptions): Promise<() => Promise<void>> {
  const token = crypto.randomUUID();
  const draft = `${file}.draft-${token}`;
  await writeInNewFolder(draft, `${process.pid} ${token}`, deadline);
  try {
    for (;;) {
      options.signal?.throwIfAborted();
      try {
        await fs.link(draft, file);
        return () => fs.rm(file, { force: true });
      } catch (error) {
        if (!hasErrorCode(error, "EEXIST")) throw error;
      }
      const holder = await readHolder(file);
      if (holder !== undefined && !isProcessAlive(holder.pid))
        await removeStaleLock(file, holder.token, deadline, options);
      else if (Date.now() < deadline) await delay(POLL_INTERVAL_MS);
      else throw lockHeldError(file, holder?.pid, options.subject ?? "image layout");
    }
  } finally {
    await fs.rm(draft, { force: true });
  }
}

/** The folder may be missing, or be removed by a holder that leaves it empty. From when this has a file in it, it stays. */
async function writeInNewFolder(file: string, content: string, deadline: number): Promise<void> {
  for (;;) {
    await createFolder(path.dirname(file));
    try {
      return await fs.writeFile(file, content);
    } catch (error) {
      if (!hasErrorCode(error, "ENOENT") || Date.now() > deadline) throw error;
    }
  }
}

async function removeStaleLock(file: string, token: string, deadline: number, options: LockOptions): Promise<void> {
  const release = await acquire(`${file}.${token}`, deadline, options);
  try {
    if ((await readHolder(file))?.token === token) await fs.rm(file, { force: true });
  } finally {
    await release();
  }
}

async function readHolder(file: string): Promise<{ pid: number; token: string } | undefined> {
  try {
    const [pid = "", token = ""] = (await fs.readFile(file, "utf8")).split(" ");
    return { pid: Number(pid), token };
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) return undefined; // released in between
    throw error;
  }
}

const lockHeldError = (file: string, pid: number | undefined, subject: string): UnikernelError =>
  new UnikernelError("BUILD_FAILED", `The ${subject} is locked by process ${pid ?? "unknown"} (${file}).`, {
    hint: "Wait for that process to finish. If it does not belong to this package, remove the file.",
  });
