/**
 * Paths of the local platform's files. Provider and daemon are two programs that share these folders, so only this file defines
 * the names.
 *
 * ```text
 * <state>/daemon.json     address and process id of the running daemon        (0600)
 * <state>/token           bearer token of the local API                       (0600)
 * <state>/platform-id     UUID of this platform; stays when the platform is empty, so that a refresh of old state works
 * <state>/ca-key.pem      private key and certificate of the local certificate authority   (0600); stays when the platform is empty
 * <state>/ca.pem          its certificate alone, for clients that are to trust it; stays too
 * <state>/platform.db     SQLite: instances, service groups, volumes, certificates with their keys   (0600)
 * <state>/daemon.log      NDJSON log of the daemon, up to 8 MiB; older lines are in daemon.log.1
 * <state>/images/         an OCI image layout; GatewayImage writes it, the daemon reads it
 * <state>/pulled/         an OCI image layout of images that the daemon pulled from registries
 * <state>/boot/           kernels and initrds unpacked from image layers, by layer digest
 * <state>/volumes/        <uuid>.ext4
 * <state>/instances/      <uuid>/console.log, control.log, qemu.log, events.log, vm.json, initrd.cpio
 * <state>/consoles/       <instance>.log: consoles of the latest replicas that failed and went     (0600)
 * <run>/lent-<uuid>     links to folders of the host that a client lends the daemon for one request
 * <run>/<8 hex>.qmp …     UNIX sockets of VMs; short names, since a socket path is limited to 107 bytes
 * <cache>/runtimes/       cache of built and fetched kernels; safe to delete at any time
 * <cache>/containers/     base images and cached steps of podman and buildah
 * <cache>/images/         what is known of images and of the files they were built from; see provider/image/cache
 * <cache>/builds/         <pid>-<random>/: output of a Dockerfile build that is in progress
 * ```
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { environmentVariable } from "./config/environment";
import { UnikernelError, hasErrorCode } from "./errors";
import { createFolder } from "./files";

/** Absolute paths of a local platform; see the tree above. */
export interface LocalPaths {
  readonly stateDir: string;
  readonly runDir: string;
  readonly cacheDir: string;
  readonly daemonFile: string;
  readonly tokenFile: string;
  readonly platformIdFile: string;
  readonly caKeyFile: string;
  readonly caFile: string;
  readonly databaseFile: string;
  readonly logFile: string;
  readonly imagesDir: string;
  readonly pulledImagesDir: string;
  readonly bootDir: string;
  readonly volumesDir: string;
  readonly instancesDir: string;
  readonly consolesDir: string;
  readonly runtimesDir: string;
  readonly containersDir: string;
  readonly buildsDir: string;
  readonly imageCacheDir: string;
}

/** Path of the link to a folder that a client lends the daemon. Only the platform's user can create it. */
export const lentFolderLink = ({ runDir }: Pick<LocalPaths, "runDir">, id: string): string =>
  path.join(runDir, `lent-${id}`);

/** Longest path of a UNIX socket in bytes, without its NUL. Source: Linux, unix(7). */
const MAX_SOCKET_PATH_BYTES = 107;
/** The longest name of a socket in the run folder: that of a port for commands. */
export const LONGEST_SOCKET = "01234567.ctl3d";

/** The run folder in `parent`, or in `/tmp` if sockets in it would have too long a path, as below the folders that some CI systems make. Pure. */
export function runFolderIn(parent: string, name: string): string {
  const isShort = Buffer.byteLength(path.join(parent, name, LONGEST_SOCKET)) <= MAX_SOCKET_PATH_BYTES;
  return path.join(isShort ? parent : "/tmp", name);
}

/**
 * The paths of this machine's local platform.
 *
 * `UNIKERNEL_STATE_DIR` sets the state folder (each one is a separate platform), `UNIKERNEL_CACHE_DIR` the cache; the defaults are
 * the XDG folders.
 */
export function localPaths(): LocalPaths {
  const home = os.homedir();
  const state = path.resolve(
    environmentVariable("UNIKERNEL_STATE_DIR") ??
      path.join(environmentVariable("XDG_STATE_HOME") ?? path.join(home, ".local", "state"), "unikernel"),
  );
  const cache = path.resolve(
    environmentVariable("UNIKERNEL_CACHE_DIR") ??
      path.join(environmentVariable("XDG_CACHE_HOME") ?? path.join(home, ".cache"), "unikernel"),
  );
  const run = runFolderIn(
    environmentVariable("XDG_RUNTIME_DIR") ?? os.tmpdir(),
    `unikernel-${os.userInfo().uid}-${crypto.createHash("sha256").update(state).digest("hex").slice(0, 8)}`,
  );
  return {
    stateDir: state,
    runDir: run,
    cacheDir: cache,
    daemonFile: path.join(state, "daemon.json"),
    tokenFile: path.join(state, "token"),
    platformIdFile: path.join(state, "platform-id"),
    caKeyFile: path.join(state, "ca-key.pem"),
    caFile: path.join(state, "ca.pem"),
    databaseFile: path.join(state, "platform.db"),
    logFile: path.join(state, "daemon.log"),
    pulledImagesDir: path.join(state, "pulled"),
    imagesDir: path.join(state, "images"),
    bootDir: path.join(state, "boot"),
    volumesDir: path.join(state, "volumes"),
    instancesDir: path.join(state, "instances"),
    consolesDir: path.join(state, "consoles"),
    runtimesDir: path.join(cache, "runtimes"),
    containersDir: path.join(cache, "containers"),
    buildsDir: path.join(cache, "builds"),
    imageCacheDir: path.join(cache, "images"),
  };
}

/** What a file system returns that takes no files: that of another user, a read-only one, one such as /proc, and a file in place of a folder. */
const UNUSABLE_CODES = ["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST"];

/**
 * The failure of a folder of {@link localPaths} that this user cannot write, as `CONFIG_INVALID` with the variable that sets another one;
 * any other error as it is.
 */
export function fromFolderError(error: unknown): unknown {
  const { path: file = "", code = "", syscall = "" } = (error ?? {}) as NodeJS.ErrnoException;
  const isRefused = hasErrorCode(error, ...UNUSABLE_CODES) || (hasErrorCode(error, "ENOENT") && syscall === "mkdir");
  if (!isRefused) return error;
  const { stateDir, cacheDir } = localPaths();
  const folders = { UNIKERNEL_STATE_DIR: stateDir, UNIKERNEL_CACHE_DIR: cacheDir };
  const isIn = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(outer + path.sep);
  // A folder above it that cannot be created counts too.
  const found = Object.entries(folders).find(
    ([, folder]) => isIn(file, folder) || (syscall === "mkdir" && isIn(folder, file)),
  );
  if (found === undefined) return error;
  const [variable, folder] = found;
  return new UnikernelError("CONFIG_INVALID", `The folder '${folder}' cannot be used: '${file}' (${code}).`, {
    hint: `Make it writable for this user, or set ${variable} to another folder.`,
    cause: error,
  });
}

/** Creates a folder of {@link localPaths} if it is missing. Throws `CONFIG_INVALID` if nothing can be written to it. */
export async function ensureUsable(folder: string): Promise<void> {
  try {
    await createFolder(folder);
    await fs.access(folder, fs.constants.W_OK);
  } catch (error) {
    throw fromFolderError(error);
  }
}
