/**
 * Which process the VM of an instance is, for a daemon that did not start it.
 *
 * It is noted in the instance's folder, with the run folder of the daemon that started it: that one depends on the
 * environment a daemon is started in. A daemon killed before it could note anything leaves a process that is found by
 * an argument no other process has.
 */
import * as fs from "node:fs/promises";
import * as z from "zod";
import type { LocalPaths } from "../../../base/localPaths";
import { processesWith } from "../../processes";
import { consoleDevice } from "./boot/arguments";
import { vmFilesOf, type VmFiles } from "./files";
import { isRunning, type ProcessIdentity, startTimeOf } from "./host/process";

const note = z.object({ pid: z.int().positive(), startTime: z.string(), run: z.string() });

/** A VM that runs. */
export interface FoundVm {
  readonly identity: ProcessIdentity;
  /** Its sockets are where the daemon that started it put them. */
  readonly files: VmFiles;
}

/** Notes which process a VM is (0600). */
export async function noteIdentity(files: VmFiles, { pid, startTime }: ProcessIdentity): Promise<void> {
  await fs.writeFile(files.identity, JSON.stringify({ pid, startTime, run: files.runFolder }), { mode: 0o600 });
}

/** The files of the VM that was last noted, else of one that this daemon would start. */
export async function notedFiles(paths: Pick<LocalPaths, "run" | "instances">, uuid: string): Promise<VmFiles> {
  const files = vmFilesOf(paths, uuid);
  const noted = await readNote(files);
  return noted === undefined ? files : vmFilesOf({ ...paths, run: noted.run }, uuid);
}

/** The VM of an instance, if it runs. */
export async function findVm(paths: Pick<LocalPaths, "run" | "instances">, uuid: string): Promise<FoundVm | undefined> {
  const files = await notedFiles(paths, uuid);
  const noted = await readNote(files);
  if (noted !== undefined && (await isRunning(noted))) return { identity: noted, files };
  for (const pid of await processesWith(consoleDevice(files))) {
    const startTime = await startTimeOf(pid);
    if (startTime !== undefined) return { identity: { pid, startTime }, files: vmFilesOf(paths, uuid) };
  }
  return undefined;
}

async function readNote(files: VmFiles): Promise<z.infer<typeof note> | undefined> {
  try {
    return note.safeParse(JSON.parse(await fs.readFile(files.identity, "utf8"))).data;
  } catch {
    return undefined;
  }
}
