/** Looks at this machine for `doctor`. Changes nothing but the cache of the probe of QEMU. */
import * as fs from "node:fs/promises";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { errorMessage } from "../../../base/errors";
import { exec, findTool } from "../../../base/exec";
import { localPaths } from "../../../base/localPaths";
import { probeQemu } from "../../../platform/vmm/qemu/host/probe";
import { isLingering } from "../machine/linger";
import type { Facts } from "./checks";

const DISK_TOOLS = ["mkfs.ext4", "e2fsck", "resize2fs"];

/**
 * Gathers the facts.
 *
 * @param publishedPorts ports that the local platform itself has published
 */
export async function gatherFacts(publishedPorts: readonly number[]): Promise<Facts> {
  const { stateDir, cacheDir, runDir } = localPaths();
  const [qemu, hasKvmDevice, port80, port443, existing, stateMode] = await Promise.all([
    // The folder where the daemon keeps the result, which belongs to this boot, user and binary.
    probeQemu(cacheDir).then((capabilities) => ({ capabilities }), (error: unknown) => ({ error: errorMessage(error) })), // prettier-ignore
    fs.access("/dev/kvm", fs.constants.R_OK | fs.constants.W_OK).then(() => true, () => false), // prettier-ignore
    portError(80, publishedPorts),
    portError(443, publishedPorts),
    nearestFolder(stateDir),
    fs.stat(stateDir).then(({ mode }) => mode & 0o777, () => undefined), // prettier-ignore
  ]);
  const { bavail, bsize } = await fs.statfs(existing);
  return {
    nodeVersion: process.versions.node,
    qemu: "capabilities" in qemu ? qemu.capabilities : undefined,
    qemuError: "error" in qemu ? qemu.error : undefined,
    hasKvmDevice,
    missingDiskTools: DISK_TOOLS.filter((tool) => findTool(tool) === undefined),
    portErrors: { 80: port80, 443: port443 },
    freeDiskBytes: bavail * bsize,
    freeMemoryBytes: await freeMemoryBytes(),
    openFilesLimit: await openFilesLimit(),
    umask: process.umask(),
    stateDir,
    stateMode,
    stateError: await fs.access(existing, fs.constants.W_OK | fs.constants.X_OK).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code ?? error.message,
    ),
    runDir,
    isLingering: isLingering(),
  };
}

/** The folder itself, or the nearest one above it that exists. */
async function nearestFolder(folder: string): Promise<string> {
  for (let at = folder; ; at = path.dirname(at)) {
    const stats = await fs.stat(at).catch(() => undefined);
    if (stats?.isDirectory() === true || at === path.dirname(at)) return at;
  }
}

/** Why the port cannot be published on the loopback, as an error code. */
async function portError(port: number, publishedPorts: readonly number[]): Promise<string | undefined> {
  if (publishedPorts.includes(port)) return undefined;
  const server = net.createServer();
  return await new Promise((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(undefined)));
  });
}

/** Memory that a new program can have: with what the kernel would take from its caches, where it says so. Source: proc(5). */
async function freeMemoryBytes(): Promise<number> {
  const text = await fs.readFile("/proc/meminfo", "utf8").catch(() => "");
  const availableKib = /^MemAvailable:\s*(\d+) kB$/m.exec(text)?.[1];
  return availableKib === undefined ? os.freemem() : Number(availableKib) * 1024;
}

/** The soft limit of open files, which a shell reports; Node raises its own to the hard limit. */
async function openFilesLimit(): Promise<number | undefined> {
  const { stdout } = await exec("sh", ["-c", "ulimit -n"]);
  const limit = Number(stdout.trim());
  return Number.isInteger(limit) ? limit : undefined;
}
