/** Fills a new volume of the local platform with the files of a folder. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError, withErrorContext } from "../../base/errors";
import { localPaths } from "../../base/localPaths";
import { onlyItem } from "../../client/client";
import { lendFolder } from "../../base/runFolder";
import type { VolumeItem } from "../../contract/models";
import type { CheckFailure, InputFindings } from "../../definition/resource";
import { isUnknown } from "../../definition/unknowns";
import type { ProviderContext } from "../context";
import type { VolumeInputs } from "./inputs";

const PROPERTY = "contentFrom" satisfies keyof VolumeInputs;
const NOTHING_FOUND: InputFindings = { information: [], warnings: [] };

/** Why the metro or the folder cannot be used; `undefined` if both can. */
async function findProblem({ metro }: Pick<ProviderContext, "metro">, folder: string): Promise<string | undefined> {
  if (metro !== "local") {
    return `only the metro "local" can fill a volume from a folder; the API of "${metro}" has no import. Remove it, and import the files with the metro's own command line.`;
  }
  const stats = await fs.stat(folder).catch(() => undefined);
  if (stats?.isDirectory() === true) return undefined;
  const found = stats === undefined ? "does not exist" : "is not a folder";
  return `'${path.resolve(folder)}' ${found}. Use the path of a folder, relative to the folder of the program.`;
}

/** What a preview says about the folder of a new volume. A later change of `contentFrom` is the business of the rules. */
export async function inspectContent(
  context: ProviderContext,
  olds: VolumeInputs | undefined,
  { contentFrom }: VolumeInputs,
): Promise<InputFindings> {
  if (contentFrom === undefined || olds !== undefined || isUnknown(contentFrom)) return NOTHING_FOUND;
  const reason = await findProblem(context, contentFrom);
  const failures: CheckFailure[] = reason === undefined ? [] : [{ property: PROPERTY, reason }];
  return { ...NOTHING_FOUND, failures };
}

/** Throws `INPUT_INVALID` if the volume could not be filled. */
export async function assertContent(context: ProviderContext, { name = "", contentFrom }: VolumeInputs): Promise<void> {
  if (contentFrom === undefined) return;
  const reason = await findProblem(context, contentFrom);
  if (reason === undefined) return;
  throw new UnikernelError("INPUT_INVALID", `Volume '${name}' cannot be filled: ${reason}`, { property: PROPERTY });
}

/**
 * Copies the folder to a volume that was just created. Warns of devices, sockets and pipes, which are not copied.
 *
 * Throws what the platform reports: files that do not fit, or names that cannot be copied.
 */
export async function fillVolume(context: ProviderContext, { uuid, name }: VolumeItem, folder: string): Promise<void> {
  const attempted = `Copying '${folder}' to volume '${name}'`;
  const { skipped = [] } = await lendFolder(localPaths(), folder, async (id) =>
    onlyItem(await context.client.importVolumes({ body: [{ uuid, folder: id }] }), attempted),
  ).catch((error: unknown) => {
    throw UnikernelError.is(error) ? withErrorContext(error, { [error.code]: { property: PROPERTY } }) : error;
  });
  if (skipped.length === 0) return;
  const names = skipped.slice(0, 5).join(", ");
  const more = skipped.length > 5 ? ` and ${skipped.length - 5} more` : "";
  context.printWarning(`${attempted} left out what is no file, folder or link: ${names}${more}.`);
}
