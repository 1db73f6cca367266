/** The key of this machine for hashes of contents that may be secret. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { hasErrorCode } from "../../base/errors";
import { localPaths } from "../../base/localPaths";
import { HASH_KEY_BYTES, createHashKey } from "../build/hash/secretHash";

/**
 * The key, which only this user can read; created on first use. Without it, images with `files` are built again, so losing it with the
 * cache costs time only. `undefined` where the cache cannot be written: the process then uses a key of its own.
 */
export async function loadHashKey(): Promise<Uint8Array | undefined> {
  const folder = localPaths().imageCacheDir;
  const file = path.join(folder, "hash-key");
  try {
    return await readKey(file);
  } catch {
    // created below
  }
  const temporary = `${file}.${crypto.randomUUID()}`;
  try {
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    await fs.writeFile(temporary, createHashKey(), { mode: 0o600 });
    // A link does not replace a key that another process has created meanwhile.
    await fs.link(temporary, file).catch((error: unknown) => {
      if (!hasErrorCode(error, "EEXIST")) throw error;
    });
    return await readKey(file);
  } catch {
    return undefined;
  } finally {
    await fs.rm(temporary, { force: true }).catch(() => undefined);
  }
}

async function readKey(file: string): Promise<Uint8Array> {
  const key = await fs.readFile(file);
  if (key.length !== HASH_KEY_BYTES) throw new RangeError(`${key.length} bytes`);
  return key;
}
