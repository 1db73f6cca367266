/**
 * The context hash of a Dockerfile source: changes if and only if something changes that the build reads from this machine. Base
 * images, and what `RUN` downloads, are not part of it.
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { setImmediate } from "node:timers/promises";
import { type Digest, digestOf } from "../../../base/digest";
import { UnikernelError, errorMessage } from "../../../base/errors";
import { FileDigests } from "../../pack/fileDigests";
import type { SecretValues } from "../secrets";
import { type FolderMatches, decideIgnored, maySkipFolder } from "./ignoreMatcher";
import type { DockerfileSource } from "./source";

/** What else decides about the result of a build. */
export interface HashedOptions {
  readonly target?: string | undefined;
  readonly platform?: string | undefined;
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
}

/** Hashes of a Dockerfile source. */
export interface ContextHashes {
  /** Dockerfile, options, and every file of the context that is not ignored: path, content, executable or not. */
  readonly contextHash: Digest;
  /** Of secrets, which must not be guessable from `contextHash`; `undefined` without secrets. Keep it secret too. */
  readonly secretsHash: Digest | undefined;
  /** Files of the context that are not ignored. */
  readonly fileCount: number;
  /** What the builder receives of the context, in the order of the names. */
  readonly entries: readonly ContextEntry[];
}

/** Path, type, and what decides about the entry: for a file, the digest of its content and whether it is executable. */
export type ContextEntry = readonly [path: string, type: "file" | "directory" | "symlink" | "special", detail: string];

/** What hashing uses. */
export interface HashResources {
  /** Known digests of files, which are not read again; new ones are added. `undefined` reads every file. */
  readonly digests?: FileDigests | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Files between two turns of the event loop. */
const FILES_PER_TURN = 64;
const CHUNK_BYTES = 256 * 1024;

/**
 * Reads every file of the context that is not ignored and whose digest is not known, once. Throws `CONTEXT_INVALID` if one cannot be
 * read or changes meanwhile.
 */
export async function hashBuildContext(
  source: DockerfileSource,
  { target, platform, buildArgs = {} }: HashedOptions,
  secrets: SecretValues,
  { digests = new FileDigests(), signal }: HashResources = {},
): Promise<ContextHashes> {
  const hash = crypto.createHash("sha256");
  const args = Object.entries(buildArgs).sort(([a], [b]) => (a < b ? -1 : 1));
  hash.update(JSON.stringify([digestOf(source.content), target ?? null, platform ?? null, args]));
  let fileCount = 0;
  const entries: ContextEntry[] = [];
  for (const entry of walk({ ...source, digests }, "", undefined)) {
    entries.push(entry);
    hash.update(`${JSON.stringify(entry)}\n`);
    if (entry[1] !== "file") continue;
    fileCount += 1;
    if (fileCount % FILES_PER_TURN !== 0) continue;
    await setImmediate();
    signal?.throwIfAborted();
  }
  const secretContextEntrys = [...secrets].map(([id, value]) => [id, digestOf(value)] as const);
  const secretsHash =
    secretContextEntrys.length === 0 ? undefined : digestOf(JSON.stringify(secretContextEntrys.sort()));
  return { contextHash: `sha256:${hash.digest("hex")}`, secretsHash, fileCount, entries };
}

/** The entries that the builder receives, in the order of their names. Folders above a file that is included again count. */
function* walk(
  source: DockerfileSource & { readonly digests: FileDigests },
  inner: string,
  matches: FolderMatches | undefined,
): Generator<ContextEntry> {
  const { contextFolder, ignorePatterns, digests } = source;
  for (const entry of readFolder(path.join(contextFolder, inner))) {
    const child = inner === "" ? entry.name : `${inner}/${entry.name}`;
    const decision = decideIgnored(ignorePatterns, child, matches);
    if (entry.isDirectory()) {
      if (decision.isIgnored && maySkipFolder(ignorePatterns, child)) continue;
      if (!decision.isIgnored) yield [child, "directory", ""];
      yield* walk(source, child, decision.matches);
    } else if (!decision.isIgnored) yield describe(path.join(contextFolder, child), child, entry, digests);
  }
}

function readFolder(folder: string): readonly fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw unreadable(folder, error);
  }
}

function describe(file: string, child: string, entry: fs.Dirent, digests: FileDigests): ContextEntry {
  try {
    if (entry.isSymbolicLink()) return [child, "symlink", fs.readlinkSync(file)];
    if (!entry.isFile()) return [child, "special", ""]; // a socket, FIFO or device: never opened
    return [child, "file", digestOfFileNow(file, digests)];
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Digest of the content, with `x` if the owner may execute it. Does not follow a link that has taken the file's place. */
function digestOfFileNow(file: string, digests: FileDigests): string {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const descriptor = fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = fs.fstatSync(descriptor);
    if (!stat.isFile()) throw new Error("it is no longer a regular file");
    const { dev, ino, mtimeMs, ctimeMs, size } = stat;
    const content = { path: file, sizeBytes: size, identity: { dev, ino, mtimeMs, ctimeMs } };
    let digest = digests.get(content);
    if (digest === undefined) {
      digest = `sha256:${hashOpenFile(descriptor)}`;
      const after = fs.fstatSync(descriptor);
      if (after.size !== size || after.mtimeMs !== mtimeMs || after.ctimeMs !== ctimeMs)
        throw new Error("it is being written to");
      digests.record(file, content, digest);
    }
    return `${digest.slice("sha256:".length)}${(stat.mode & 0o100) === 0 ? "" : " x"}`;
  } finally {
    fs.closeSync(descriptor);
  }
}

/** One buffer for all files: nothing else runs while one is read. */
const buffer = Buffer.allocUnsafe(CHUNK_BYTES);

function hashOpenFile(descriptor: number): string {
  const first = fs.readSync(descriptor, buffer, 0, CHUNK_BYTES, null);
  // Most files are small, and a hash in one call costs half.
  if (first < CHUNK_BYTES) return crypto.hash("sha256", buffer.subarray(0, first), "hex");
  const hash = crypto.createHash("sha256");
  for (let read = first; read > 0; read = fs.readSync(descriptor, buffer, 0, CHUNK_BYTES, null))
    hash.update(buffer.subarray(0, read));
  return hash.digest("hex");
}

const unreadable = (file: string, cause: unknown): UnikernelError =>
  new UnikernelError("CONTEXT_INVALID", `'${file}' cannot be read: ${errorMessage(cause)}.`, {
    property: "context",
    hint: "Make it readable, or list it in .dockerignore.",
    cause,
  });
