/** Where disks of volumes are. */
import * as path from "node:path";
import type { LocalPaths } from "../../base/localPaths";

/** Path of a volume's disk. */
export const volumeDiskPath = (paths: LocalPaths, uuid: string): string => path.join(paths.volumesDir, `${uuid}.ext4`);
