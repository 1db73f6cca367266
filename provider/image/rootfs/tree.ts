/** A file tree in memory, the common form of a directory, an overlay and an initrd. */

/** One entry. It has no times, owners or inode numbers, so that images do not depend on them. */
export type TreeEntry =
  | { readonly type: "directory"; readonly mode: number }
  | { readonly type: "file"; readonly mode: number; readonly content: FileContent }
  | { readonly type: "symlink"; readonly target: string };

/** Content of a file, in memory or on disk. */
export type FileContent = { readonly bytes: Uint8Array } | { readonly path: string; readonly sizeBytes: number };

/**
 * Entries by path: relative, `/` as separator, no leading `./` or `/`, no `.` or `..` parts (`etc/tyk.conf`).
 * Parents need not be present; writers add missing directories with mode 0755.
 */
export type FileTree = ReadonlyMap<string, TreeEntry>;

/** Size of a file's content in bytes. */
export const sizeOf = (content: FileContent): number => ("bytes" in content ? content.bytes.length : content.sizeBytes);
