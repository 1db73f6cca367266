/** A file tree in memory, the common form of a directory, an archive, an overlay and an initrd. */

/** Owner of an entry. `undefined` means 0, root. Range of both: 0 to 2^32 - 1. */
interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * One entry. Entries have no times and no inode numbers, so that images do not depend on them. `mode` is the lower 12 bits.
 *
 * An entry object stands for an inode: paths that share one file entry are hard links of one file.
 */
export type TreeEntry =
  | (Owner & { readonly type: "directory"; readonly mode: number })
  | (Owner & { readonly type: "file"; readonly mode: number; readonly content: FileContent })
  | (Owner & { readonly type: "symlink"; readonly target: string });

/** What identifies the content of a file on disk without reading it. Times have a resolution of about 0.25 µs. */
export interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/**
 * A file that was written this short a time before it was looked at may be written again without a change of its times: the clock of a
 * file system has steps of up to two seconds (FAT). Git calls such files racily clean.
 */
const RACY_MS = 2_000;

/** True if a file with these times may have changed after `lookedAtMs` without a change of them. What is known of it is not kept. */
export const isRacy = ({ mtimeMs, ctimeMs }: Pick<FileIdentity, "mtimeMs" | "ctimeMs">, lookedAtMs: number): boolean =>
  Math.max(mtimeMs, ctimeMs) > lookedAtMs - RACY_MS;

/** A directory that was listed, with the inode it had then. */
export interface DirectoryRoot {
  /** Absolute path without symbolic links. */
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
}

/** A file on disk as it was when it was listed. */
export interface DiskFile {
  /** Absolute path. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly identity: FileIdentity;
  /** The listed directory that contains it: the file is opened without following links below that directory. */
  readonly root?: DirectoryRoot;
  /** The input that names the file, for errors; `undefined`: the image context has it. */
  readonly property?: string;
}

/** Consecutive bytes of an archive; `offset` is undefined for a hole, which reads as zeros. */
export interface ArchiveRange {
  readonly offset: number | undefined;
  readonly sizeBytes: number;
}

/** A file inside an archive on disk. `sizeBytes` is the sum of its ranges. */
export interface ArchivedFile {
  /** The archive; the same object for all its files. */
  readonly archive: DiskFile;
  readonly ranges: readonly ArchiveRange[];
  readonly sizeBytes: number;
}

/** Content of a file: in memory, a file on disk, or part of an archive on disk. */
export type FileContent = { readonly bytes: Uint8Array } | DiskFile | ArchivedFile;

/**
 * Entries by path: relative, `/` as separator, no leading `./` or `/`, no `.` or `..` parts (`etc/tyk.conf`).
 * Parents need not be present; writers add missing directories with mode 0755.
 */
export type FileTree = ReadonlyMap<string, TreeEntry>;

/** Size of a file's content in bytes. */
export const sizeOf = (content: FileContent): number => ("bytes" in content ? content.bytes.length : content.sizeBytes);
