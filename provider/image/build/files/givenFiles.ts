/** The files that a program adds to an image: their contents as entries of a tree. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { UnikernelError, errorMessage } from "../../../base/errors";
import { describeUnreadable } from "../../../base/files";
import { describeFile } from "../../pack/contentReader";
import { digestContents } from "../../pack/digestContents";
import type { FileDigests } from "../../pack/fileDigests";
import type { FileContent, TreeEntry } from "../../rootfs/tree";
import { downloadFile } from "./downloadFile";

/** Where a content comes from: a text, a file on this machine (relative to the working directory), or a URL. */
export type ContentOrigin = { readonly text: string } | { readonly path: string } | { readonly uri: string };

/** A file to add. */
export interface GivenFile {
  readonly origin: ContentOrigin;
  /** SHA-256 that the content must have, in hexadecimal digits; `undefined` accepts any. */
  readonly sha256?: string | undefined;
  /** The lower 12 bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A file with its content. */
export type FileEntry = Extract<TreeEntry, { type: "file" }>;

/** How to load files. */
export interface LoadFilesOptions {
  /** Folder for downloads, which stay until the image is packed. */
  readonly scratch: string;
  readonly digests: FileDigests;
  readonly signal?: AbortSignal | undefined;
}

/** Files with their contents, and what is wrong with the others. */
export interface LoadedFiles {
  /** All files; one that cannot be loaded is empty. */
  readonly files: ReadonlyMap<string, FileEntry>;
  readonly problems: readonly UnikernelError[];
}

/**
 * Loads the contents: files on this machine stay where they are, URLs are downloaded. Every file is compared with its SHA-256, so
 * that one which changed since the program named it is a problem. Problems are `CONTEXT_INVALID` with the guest path, never with a
 * content; all files are looked at.
 */
export async function loadGivenFiles(
  files: ReadonlyMap<string, GivenFile>,
  options: LoadFilesOptions,
): Promise<LoadedFiles> {
  const loaded = new Map<string, FileEntry>();
  const problems: UnikernelError[] = [];
  for (const [guestPath, { mode, uid, gid, sha256, origin }] of files) {
    let content: FileContent = { bytes: new Uint8Array() };
    try {
      content = await loadContent(guestPath, origin, path.join(options.scratch, `file-${loaded.size}`), options);
      options.digests.keepPrivate(content);
      if (sha256 !== undefined && sha256 !== "" && !("bytes" in content))
        await assertDigest(guestPath, content, sha256, options);
    } catch (error) {
      if (!UnikernelError.has(error, "CONTEXT_INVALID")) throw error;
      problems.push(error);
    }
    loaded.set(guestPath, { type: "file", mode, uid, gid, content });
  }
  return { files: loaded, problems };
}

async function loadContent(
  guestPath: string,
  origin: ContentOrigin,
  target: string,
  { signal }: LoadFilesOptions,
): Promise<FileContent> {
  if ("text" in origin) return { bytes: Buffer.from(origin.text) };
  if ("path" in origin) return describeAssetFile(guestPath, origin.path);
  const url = URL.parse(origin.uri);
  if (url?.protocol === "file:") return describeAssetFile(guestPath, fileURLToPath(url));
  if (url === null || !["http:", "https:"].includes(url.protocol))
    throw fileError(guestPath, "is a RemoteAsset with a URL of another kind than https, http and file");
  try {
    await downloadFile(url, target, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (UnikernelError.is(error)) throw error;
    // Without the query, which may be a signature.
    throw fileError(guestPath, `cannot be downloaded from ${url.origin}${url.pathname}: ${errorMessage(error)}`, error);
  }
  return { ...describeFile(target), property: propertyOf(guestPath) };
}

/** A regular file, links followed: the program named it, so it may be outside the image context. */
async function describeAssetFile(guestPath: string, file: string): Promise<FileContent> {
  try {
    const real = await fs.realpath(file);
    if (!(await fs.stat(real)).isFile()) throw fileError(guestPath, `is a FileAsset, but '${file}' is not a file`);
    return { ...describeFile(real), property: propertyOf(guestPath) };
  } catch (error) {
    if (UnikernelError.is(error)) throw error;
    throw fileError(guestPath, `is a FileAsset, but '${file}' ${await describeUnreadable(file, error)}`, error);
  }
}

async function assertDigest(
  guestPath: string,
  content: FileContent,
  sha256: string,
  { digests, signal }: LoadFilesOptions,
): Promise<void> {
  const [digest] = await digestContents([{ name: guestPath.slice(1), content }], digests, signal);
  if (digest === `sha256:${sha256}`) return;
  throw fileError(guestPath, "is an asset whose content changed since the program started. Run 'pulumi up' again");
}

/** The input that names a file, in Pulumi's notation of property paths. */
const propertyOf = (guestPath: string): string => `files[${JSON.stringify(guestPath)}]`;

const fileError = (guestPath: string, problem: string, cause?: unknown): UnikernelError =>
  new UnikernelError("CONTEXT_INVALID", `'${guestPath}' ${problem}.`, {
    property: propertyOf(guestPath),
    ...(cause === undefined ? {} : { cause }),
  });
