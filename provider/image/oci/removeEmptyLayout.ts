/** Removes a layout that is no longer used. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { fileExists, removeIfEmpty } from "../../base/files";
import { layoutLockFile } from "./transaction";
import { withFileLock } from "./fileLock";

/** Removes a layout without blobs, under its lock. A layout that is being written to stays. */
export async function removeEmptyLayout(folder: string): Promise<void> {
  if (!(await fileExists(folder))) return;
  const emptied = await withFileLock(layoutLockFile(folder), async () => {
    for (const subfolder of ["staging", path.join("blobs", "sha256"), "blobs"]) {
      const target = path.join(folder, subfolder);
      if ((await fileExists(target)) && !(await removeIfEmpty(target))) return false;
    }
    for (const file of ["index.json", "oci-layout"]) await fs.rm(path.join(folder, file), { force: true });
    return true;
  });
  if (emptied) await removeIfEmpty(folder);
}
