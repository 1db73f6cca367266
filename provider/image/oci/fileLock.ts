/**
 * A lock between processes, on files alone, that survives the death of its holder.
 *
 * The lock is a file that appears with its content in one step (a hard link to a file written before), so nobody ever
 * reads half of it. It holds the process id and a token that is never used twice. Removing a dead holder's lock is
 * itself done under a lock, named after the dead one's token: whoever holds that one may remove the file if it still
 * carries the token. While it does, only this one process may touch it, so a fresh lock of someone else is never
 * removed by mistake. Should the remover die too, the same rule applies to its lock.
 *
 * Holders must see each other's process ids: a folder may not be shared between machines or containers.
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { UnikernelError, hasErrorCode } from "../../base/errors";
import { isProcessAlive } from "../../base/exec";

const POLL_INTERVAL_MS = 10;
const ACQUIRE_TIMEOUT_MS = 60_000;

/** Runs `work` while holding the lock `file`. Throws `BUILD_FAILED` when another process holds it for a minute. */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const release = await acquire(file, Date.now() + ACQUIRE_TIMEOUT_MS);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function acquire(file: string, deadline: number): Promise<() => Promise<void>> {
  const token = crypto.randomUUID();
  const draft = `${file}.draft-${token}`;
  await fs.writeFile(draft, `${process.pid} ${token}`);
  try {
    for (;;) {
      try {
        await fs.link(draft, file);
        return () => fs.rm(file, { force: true });
      } catch (error) {
        if (!hasErrorCode(error, "EEXIST")) throw error;
      }
      const holder = await readHolder(file);
      if (holder !== undefined && !isProcessAlive(holder.pid)) await removeStaleLock(file, holder.token, deadline);
      else if (Date.now() < deadline) await delay(POLL_INTERVAL_MS);
      else throw lockHeldError(file, holder?.pid);
    }
  } finally {
    await fs.rm(draft, { force: true });
  }
}

async function removeStaleLock(file: string, token: string, deadline: number): Promise<void> {
  const release = await acquire(`${file}.${token}`, deadline);
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

const lockHeldError = (file: string, pid: number | undefined): UnikernelError =>
  new UnikernelError("BUILD_FAILED", `The image layout stayed locked by process ${pid ?? "unknown"} (${file}).`, {
    hint: "If that process has nothing to do with this package, remove the file.",
  });
