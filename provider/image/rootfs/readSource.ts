/** Reads the file tree of a resolved source. */
import { fromCpio } from "../cpio/read";
import { fromErofs } from "../erofs/read";
import type { FolderObserver } from "./folderObserver";
import { fromDirectory } from "./fromDirectory";
import type { ResolvedSource } from "./resolveSource";
import type { FileTree } from "./tree";
import { type TarOptions, fromTar } from "../tar/read";

/** A source that needs no builder. */
export type ReadableSource = Exclude<ResolvedSource, { readonly problem: string } | { readonly type: "dockerfile" }>;

/** How to read sources. */
export interface ReadOptions extends TarOptions {
  /** Keep the modes of a directory as they are on disk; archives always keep theirs. */
  readonly preserveModes?: boolean;
  /** Remembers what a listing looks at; archives are not observed. */
  readonly observer?: FolderObserver | undefined;
}

/**
 * Reads a tree; contents stay where they are, or in `scratch` when an archive is compressed.
 *
 * @param label path of the source for messages
 * Throws `CONTEXT_INVALID` as {@link fromDirectory}, {@link fromTar}, {@link fromCpio} and {@link fromErofs}; `NO_SPACE`; an aborted
 * `signal` rejects with its reason.
 */
export async function readSource(source: ReadableSource, label: string, options: ReadOptions): Promise<FileTree> {
  const { preserveModes = false, observer, signal } = options;
  switch (source.type) {
    case "directory":
      return fromDirectory(source.directory, { preserveModes, observer, signal });
    case "tarball":
      return fromTar(source.file, label, options);
    case "cpio":
      return fromCpio(source.file, label, signal);
    case "erofs":
      return fromErofs(source.file, label, signal);
  }
}
