/** The key of this machine for hashes of contents that may be secret (build/files/secretHash.ts). */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { hasErrorCode } from "../../base/errors";
import { createFolder } from "../../base/files";
import { localPaths } from "../../base/localPaths";
import { KEY_BYTES, createHashKey } from "../build/files/secretHash";
import { useCache } from "./cacheFiles";

/**
 * The key, made when it is first needed and kept in a file that only this user can read; `undefined` if it cannot be kept. Without the
 * file nothing is lost but what this machine knows of earlier builds.
 */
export async function loadHashKey(): Promise<Uint8Array | undefined> {
  const file = path.join(localPaths().imageCacheDir, "hash-key");
  return (await readKey(file)) ?? (await createKey(file));
}

async function readKey(file: string): Promise<Uint8Array | undefined> {
  const key = await fs.readFile(file).catch(() => undefined);
  return key?.length === KEY_BYTES ? key : undefined;
}

async function createKey(file: string): Promise<Uint8Array | undefined> {
  const temporary = `${file}.${crypto.randomUUID()}`;
  await useCache(async () => {
    await createFolder(path.dirname(file));
    await fs.writeFile(temporary, createHashKey(), { mode: 0o600 });
    // Of several processes, the first one's key counts.
    await fs.link(temporary, file).catch(async (error: unknown) => {
      if (!hasErrorCode(error, "EEXIST")) throw error;
      if ((await readKey(file)) === undefined) await fs.rename(temporary, file); // damaged
    });
    await fs.rm(temporary, { force: true });
  });
  return readKey(file);
}
