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
}

/** Files between two turns of the event loop. */
const FILES_PER_TURN = 64;
const CHUNK_BYTES = 256 * 1024;

/** Reads every file of the context that is not ignored, once. Throws `CONTEXT_INVALID` if one cannot be read. */
export async function hashBuildContext(
  source: DockerfileSource,
  { target, platform, buildArgs = {} }: HashedOptions,
  secrets: SecretValues,
  signal?: AbortSignal,
): Promise<ContextHashes> {
  const hash = crypto.createHash("sha256");
  const args = Object.entries(buildArgs).sort(([a], [b]) => (a < b ? -1 : 1));
  hash.update(JSON.stringify([digestOf(source.content), target ?? null, platform ?? null, args]));
  let fileCount = 0;
  for (const entry of walk(source, "", undefined)) {
    hash.update(`${JSON.stringify(entry)}\n`);
    if (entry[1] !== "file") continue;
    fileCount += 1;
    if (fileCount % FILES_PER_TURN !== 0) continue;
    await setImmediate();
    signal?.throwIfAborted();
  }
  const secretRows = [...secrets].map(([id, value]) => [id, digestOf(value)] as const);
  const secretsHash = secretRows.length === 0 ? undefined : digestOf(JSON.stringify(secretRows.sort()));
  return { contextHash: `sha256:${hash.digest("hex")}`, secretsHash, fileCount };
}

/** Path, type, and what decides about the entry. Only `file` counts as content. */
type Row = readonly [path: string, type: "file" | "directory" | "symlink" | "special", detail: string];

/** The entries that the builder receives, in the order of their names. Folders above a file that is included again count. */
function* walk(source: DockerfileSource, inner: string, matches: FolderMatches | undefined): Generator<Row> {
  const { contextFolder, ignorePatterns } = source;
  for (const entry of readFolder(path.join(contextFolder, inner))) {
    const child = inner === "" ? entry.name : `${inner}/${entry.name}`;
    const decision = decideIgnored(ignorePatterns, child, matches);
    if (entry.isDirectory()) {
      if (decision.isIgnored && maySkipFolder(ignorePatterns, child)) continue;
      if (!decision.isIgnored) yield [child, "directory", ""];
      yield* walk(source, child, decision.matches);
    } else if (!decision.isIgnored) yield describe(path.join(contextFolder, child), child, entry);
  }
}

function readFolder(folder: string): readonly fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw unreadable(folder, error);
  }
}

function describe(file: string, child: string, entry: fs.Dirent): Row {
  try {
    if (entry.isSymbolicLink()) return [child, "symlink", fs.readlinkSync(file)];
    if (!entry.isFile()) return [child, "special", ""]; // a socket, FIFO or device: never opened
    return [child, "file", digestOfFileNow(file)];
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Digest of the content, with `x` if the owner may execute it. Does not follow a link that has taken the file's place. */
function digestOfFileNow(file: string): string {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const descriptor = fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = fs.fstatSync(descriptor);
    if (!stat.isFile()) throw new Error("it is no longer a regular file");
    return `${hashOpenFile(descriptor)}${(stat.mode & 0o100) === 0 ? "" : " x"}`;
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
