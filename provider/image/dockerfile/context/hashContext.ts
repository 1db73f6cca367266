/**
 * The context hash of a Dockerfile source: changes if and only if something changes that the build reads from this machine. Base
 * images, and what `RUN` downloads, are not part of it.
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { type Digest, digestOf } from "../../../base/digest";
import { UnikernelError, errorMessage, hasErrorCode } from "../../../base/errors";
import { ContentHasher } from "../../pack/digestContents";
import { FileDigests } from "../../pack/fileDigests";
import type { FolderObserver } from "../../rootfs/folderObserver";
import type { DiskFile } from "../../rootfs/tree";
import { TimeSlice } from "../../pack/timeSlice";
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
  /** Remembers what is looked at; `undefined`: nothing does. */
  readonly observer?: FolderObserver | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Entries that are hashed in one call. */
const ENTRIES_PER_HASH = 64;

/**
 * Reads every file of the context that is not ignored and whose digest is not known, once. Throws `CONTEXT_INVALID` if one cannot be
 * read or changes meanwhile.
 */
export async function hashBuildContext(
  source: DockerfileSource,
  { target, platform, buildArgs = {} }: HashedOptions,
  secrets: SecretValues,
  { digests = new FileDigests(), observer, signal }: HashResources = {},
): Promise<ContextHashes> {
  const hash = crypto.createHash("sha256");
  const args = Object.entries(buildArgs).sort(([a], [b]) => (a < b ? -1 : 1));
  hash.update(JSON.stringify([digestOf(source.content), target ?? null, platform ?? null, args]));
  const entries: ContextEntry[] = [];
  const slice = new TimeSlice(signal);
  signal?.throwIfAborted();
  let lines = "";
  using hasher = new ContentHasher(digests, signal);
  for (const found of walk(source, "", undefined, observer)) {
    let entry: ContextEntry;
    if ("content" in found) entry = toEntry(found, hasher.known(found.content) ?? (await read(found, hasher)));
    else entry = found;
    lines += `${JSON.stringify(entry)}\n`;
    if (entries.push(entry) % ENTRIES_PER_HASH === 0) {
      hash.update(lines);
      lines = "";
    }
    if (slice.isOver) await slice.next();
  }
  hash.update(lines);
  const fileCount = entries.filter(([, type]) => type === "file").length;
  const secretContextEntrys = [...secrets].map(([id, value]) => [id, digestOf(value)] as const);
  const secretsHash =
    secretContextEntrys.length === 0 ? undefined : digestOf(JSON.stringify(secretContextEntrys.sort()));
  return { contextHash: `sha256:${hash.digest("hex")}`, secretsHash, fileCount, entries };
}

/** A regular file as it was when its folder was read. */
interface FoundFile {
  /** Path in the context. */
  readonly name: string;
  readonly content: DiskFile;
  /** By its owner. */
  readonly isExecutable: boolean;
}

/** The entries that the builder receives, in the order of their names. Folders above a file that is included again count. */
function* walk(
  source: DockerfileSource,
  inner: string,
  matches: FolderMatches | undefined,
  observer: FolderObserver | undefined,
): Generator<ContextEntry | FoundFile> {
  const { contextFolder, ignorePatterns } = source;
  for (const entry of readFolder(path.join(contextFolder, inner), observer)) {
    const child = inner === "" ? entry.name : `${inner}/${entry.name}`;
    const decision = decideIgnored(ignorePatterns, child, matches);
    if (entry.isDirectory()) {
      if (decision.isIgnored && maySkipFolder(ignorePatterns, child)) continue;
      if (!decision.isIgnored) yield [child, "directory", ""];
      yield* walk(source, child, decision.matches, observer);
    } else if (!decision.isIgnored) yield describe(`${contextFolder}/${child}`, child, entry, observer);
  }
}

function readFolder(folder: string, observer: FolderObserver | undefined): readonly fs.Dirent[] {
  try {
    const entries = fs.readdirSync(folder, { withFileTypes: true });
    if (observer !== undefined) {
      const names = entries.map(({ name }) => name);
      observer.folder(folder, names);
      observer.entry(folder, fs.lstatSync(folder)); // changes if another type of entry gets one of the names
    }
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw unreadable(folder, error);
  }
}

function describe(
  file: string,
  child: string,
  entry: fs.Dirent,
  observer: FolderObserver | undefined,
): ContextEntry | FoundFile {
  try {
    if (observer !== undefined && !entry.isFile()) observer.entry(file, fs.lstatSync(file));
    if (entry.isSymbolicLink()) return [child, "symlink", fs.readlinkSync(file)];
    if (!entry.isFile()) return [child, "special", ""]; // a socket, FIFO or device: never opened
    const stat = fs.lstatSync(file);
    observer?.entry(file, stat);
    if (!stat.isFile()) throw new Error("it is no longer a regular file");
    const { dev, ino, mtimeMs, ctimeMs, size } = stat;
    const content = { path: file, sizeBytes: size, identity: { dev, ino, mtimeMs, ctimeMs } };
    return { name: child, content, isExecutable: (stat.mode & 0o100) !== 0 };
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Reads a file. A link or another file in its place by now has another inode and is not read. */
async function read({ name, content }: FoundFile, hasher: ContentHasher): Promise<Digest> {
  try {
    return await hasher.read(name, content);
  } catch (error) {
    const { cause } = error as { readonly cause?: unknown };
    throw hasErrorCode(cause, "EACCES", "EPERM") ? unreadable(content.path, cause) : error;
  }
}

const toEntry = ({ name, isExecutable }: FoundFile, digest: Digest): ContextEntry => [
  name,
  "file",
  `${digest.slice("sha256:".length)}${isExecutable ? " x" : ""}`,
];

const unreadable = (file: string, cause: unknown): UnikernelError =>
  new UnikernelError("CONTEXT_INVALID", `'${file}' cannot be read: ${errorMessage(cause)}.`, {
    property: "context",
    hint: "Make it readable, or list it in .dockerignore.",
    cause,
  });
