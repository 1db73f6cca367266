/** `unikernel local volume cp` */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { parseArguments } from "../../base/commandLineOptions";
import { UnikernelError, fromSystemError, hasErrorCode } from "../../base/errors";
import { localPaths } from "../../base/localPaths";
import { onlyItem } from "../../client/client";
import { lendFolder } from "../../base/runFolder";
import { requireLocal } from "./client";
import { selectByWords } from "./instances/select";

/** A copy, as its two operands say. */
export interface FileCopy {
  readonly action: "import" | "export";
  /** Name or UUID. */
  readonly volume: string;
  readonly folder: string;
}

const USAGE =
  "Use 'unikernel local volume cp <volume>: <folder>' to copy out of a volume, or '<folder> <volume>:' to copy into one.";

/** Exactly one operand ends in a colon: the volume, whose whole content is copied. Throws `INPUT_INVALID`. Pure. */
export function parseFileCopy(operands: readonly string[]): FileCopy {
  const invalid = (message: string) => new UnikernelError("INPUT_INVALID", message, { hint: USAGE });
  const [source, target, ...more] = operands;
  if (source === undefined || target === undefined || more.length > 0) {
    throw invalid(`A copy has a source and a target; ${operands.length} were given.`);
  }
  const names = [source, target].map((operand) => /^([^/:]+):(.*)$/.exec(operand));
  const [from, to] = names;
  if ((from === null) === (to === null)) {
    throw invalid(`Either '${source}' or '${target}' must be a volume, with a colon at its end.`);
  }
  const [whole = "", volume = "", inner = ""] = from ?? to ?? [];
  if (inner !== "" && inner !== "/")
    throw invalid(`'${whole}' names a part of a volume: only all of it can be copied.`);
  return from ? { action: "export", volume, folder: target } : { action: "import", volume, folder: source };
}

/** Copies the files of a volume to a new or empty folder, or the files of a folder to the root of a volume. */
export async function copyFiles(args: readonly string[]): Promise<string> {
  const { action, volume, folder } = parseFileCopy(parseArguments(args, {}).operands);
  const { client } = await requireLocal();
  const selection = { kind: "volume", listing: "local volume ls" };
  const [found] = selectByWords([volume], (await client.getVolumes({})).items, selection);
  if (found === undefined) throw new UnikernelError("BUG", "One word selects one volume.");
  await (action === "export" ? createEmptyFolder(folder) : assertFolder(folder));
  const attempted =
    action === "export"
      ? `Copying volume '${found.name}' to '${folder}'`
      : `Copying '${folder}' to volume '${found.name}'`;
  const { entries = 0, skipped = [] } = await lendFolder(localPaths(), folder, async (id) => {
    const body = [{ uuid: found.uuid, folder: id }];
    return onlyItem(
      await (action === "export" ? client.exportVolumes({ body }) : client.importVolumes({ body })),
      attempted,
    );
  });
  const left = skipped.map((file) => `Left out: ${file} (no file, folder or link)`);
  return [`${attempted}: ${entries} ${entries === 1 ? "entry" : "entries"}.`, ...left].join("\n");
}

async function createEmptyFolder(folder: string): Promise<void> {
  try {
    await fs.mkdir(folder, { recursive: true });
    if ((await fs.readdir(folder)).length === 0) return;
  } catch (error) {
    if (hasErrorCode(error, "EEXIST", "ENOTDIR")) throw notFolder(folder);
    throw fromSystemError(error, `creating '${folder}'`);
  }
  throw new UnikernelError("INPUT_INVALID", `'${path.resolve(folder)}' is not empty.`, {
    hint: "Copy to a new folder, so that no file of yours is replaced.",
  });
}

async function assertFolder(folder: string): Promise<void> {
  const stats = await fs.stat(folder).catch(() => undefined);
  if (stats?.isDirectory() === true) return;
  throw notFolder(folder);
}

const notFolder = (file: string): UnikernelError =>
  new UnikernelError("INPUT_INVALID", `'${path.resolve(file)}' is not a folder.`, { hint: USAGE });
