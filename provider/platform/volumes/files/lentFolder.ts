/** Folders of the host that a client lends the platform for one request. */
import * as fs from "node:fs/promises";
import { type LocalPaths, lentFolderLink } from "../../../base/localPaths";
import { assertPrivateRunFolder } from "../../../base/runFolder";
import { ApiItemError } from "../../errors";

/**
 * The folder behind the link of this id. Only the user of the platform can create that link.
 *
 * Throws `ApiItemError`: `NotFound` without such a link, `Invalid` if it does not lead to a folder; `VMM_FAILED` if others can write to the
 * run folder.
 */
export async function resolveLentFolder(paths: Pick<LocalPaths, "runDir">, id: string): Promise<string> {
  const folder = await fs.readlink(lentFolderLink(paths, id)).catch(() => undefined);
  if (folder === undefined) throw new ApiItemError("NotFound", `No folder was lent as '${id}'`);
  await assertPrivateRunFolder(paths.runDir);
  const stats = await fs.stat(folder).catch(() => undefined);
  if (stats?.isDirectory() !== true) throw new ApiItemError("Invalid", `'${folder}' is not a folder`);
  return folder;
}
