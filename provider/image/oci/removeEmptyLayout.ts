/** The end of a layout that nobody uses any more. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { removeIfEmpty } from "../../base/files";
import { lockFile } from "./transaction";
import { withLock } from "./fileLock";

/** Removes a layout that holds no blob, under its lock; one that is being written to stays. */
export async function removeEmptyLayout(folder: string): Promise<void> {
  if (!(await isPresent(folder))) return;
  const emptied = await withLock(lockFile(folder), async () => {
    for (const below of ["staging", path.join("blobs", "sha256"), "blobs"]) {
      const target = path.join(folder, below);
      if ((await isPresent(target)) && !(await removeIfEmpty(target))) return false;
    }
    for (const file of ["index.json", "oci-layout"]) await fs.rm(path.join(folder, file), { force: true });
    return true;
  });
  if (emptied) await removeIfEmpty(folder);
}

const isPresent = (file: string): Promise<boolean> =>
  fs.stat(file).then(
    () => true,
    () => false,
  );
