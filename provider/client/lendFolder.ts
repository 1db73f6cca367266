/** Lends a folder of the host to the local platform for one request. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type LocalPaths, lentFolderLink } from "../base/localPaths";
import { ensureRunFolder } from "../base/runFolder";

/**
 * Runs a request with the id of a link to `folder`, which exists only meanwhile. Whoever has just the platform's token cannot create such
 * a link, so a request cannot name any other folder.
 */
export async function lendFolder<T>(
  paths: Pick<LocalPaths, "runDir">,
  folder: string,
  request: (id: string) => Promise<T>,
): Promise<T> {
  const id = crypto.randomUUID();
  const link = lentFolderLink(paths, id);
  await ensureRunFolder(paths.runDir);
  await fs.symlink(path.resolve(folder), link);
  try {
    return await request(id);
  } finally {
    await fs.rm(link, { force: true });
  }
}
