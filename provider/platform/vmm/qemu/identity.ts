/**
 * Identifies the process of an instance's VM, for a daemon that did not start it.
 *
 * The identity is saved in the instance's folder, together with the run folder of the daemon that started the VM, which
 * depends on that daemon's environment. A daemon that is killed before it saves the identity leaves a process that is found
 * by its arguments.
 */
import * as fs from "node:fs/promises";
import * as z from "zod";
import type { LocalPaths } from "../../../base/localPaths";
import { findProcessesByArgument } from "../../processes";
import { consoleChardev } from "./boot/arguments";
import { vmFilesOf, type VmFiles } from "./files";
import { isRunning, type ProcessIdentity, processStartTime } from "../../../base/processIdentity";

const savedIdentity = z.object({ pid: z.int().positive(), startTime: z.string(), run: z.string() });

/** A VM that runs. */
export interface RunningVm {
  readonly identity: ProcessIdentity;
  /** Its sockets are in the run folder of the daemon that started it. */
  readonly files: VmFiles;
}

/** Saves the identity of a VM's process (0600). Throws file system errors. */
export async function saveIdentity(files: VmFiles, { pid, startTime }: ProcessIdentity): Promise<void> {
  await fs.writeFile(files.identity, JSON.stringify({ pid, startTime, run: files.runFolder }), { mode: 0o600 });
}

/** The files of the VM whose identity was saved last, or those that this daemon would use. */
export async function loadVmFiles(paths: Pick<LocalPaths, "runDir" | "instancesDir">, uuid: string): Promise<VmFiles> {
  const files = vmFilesOf(paths, uuid);
  const saved = await loadIdentity(files);
  return saved === undefined ? files : vmFilesOf({ ...paths, runDir: saved.run }, uuid);
}

/** The VM of an instance; `undefined` unless it runs. */
export async function findRunningVm(
  paths: Pick<LocalPaths, "runDir" | "instancesDir">,
  uuid: string,
): Promise<RunningVm | undefined> {
  const files = await loadVmFiles(paths, uuid);
  const saved = await loadIdentity(files);
  if (saved !== undefined && (await isRunning(saved))) return { identity: saved, files };
  for (const pid of await findProcessesByArgument(consoleChardev(files))) {
    const startTime = await processStartTime(pid);
    if (startTime !== undefined) return { identity: { pid, startTime }, files: vmFilesOf(paths, uuid) };
  }
  return undefined;
}

async function loadIdentity(files: VmFiles): Promise<z.infer<typeof savedIdentity> | undefined> {
  try {
    return savedIdentity.safeParse(JSON.parse(await fs.readFile(files.identity, "utf8"))).data;
  } catch {
    return undefined;
  }
}
