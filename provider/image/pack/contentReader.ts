/** Reads the contents of files exactly as they were listed, or fails and names the file. */
import * as fs from "node:fs";
import { UnikernelError, hasErrorCode, systemErrorCode } from "../../base/errors";
import { DirectoryDescriptors, RootReplacedError } from "../rootfs/directoryDescriptors";
import { type ArchiveRange, type DirectoryRoot, type DiskFile, type FileContent, sizeOf } from "../rootfs/tree";

const { O_NONBLOCK, O_RDONLY } = fs.constants;

/** A file whose content is read from its start to its end. */
export interface OpenedContent {
  /** Reads the next `length` bytes to `target` at `offset`. Throws `CONTEXT_INVALID` when the file is shorter by now. */
  read(target: Uint8Array, offset: number, length: number): void;
  /** Throws `CONTEXT_INVALID` when the file changed since it was listed. */
  assertUnchanged(): void;
  close(): void;
}

const changedError = (name: string, { property }: DiskFile, how: string, cause?: unknown): UnikernelError =>
  new UnikernelError("CONTEXT_INVALID", `'/${name}' changed while the image was being packed: ${how}.`, {
    property: property ?? "context",
    hint: `Retry when nothing writes to ${property === undefined ? "the image context" : "that file"}.`,
    ...(cause === undefined ? {} : { cause }),
  });

/** Describes a file that nothing else writes to, such as one in a cache, as content. Follows links. Throws file system errors. */
export function describeFile(path: string): DiskFile {
  const { dev, ino, mtimeMs, ctimeMs, size } = fs.statSync(path);
  return { path, sizeBytes: size, identity: { dev, ino, mtimeMs, ctimeMs } };
}

/**
 * Opens contents. Each file is compared with its listed inode, size and times after it was opened and after it was read, through its
 * descriptor. So a file that was replaced, by a link, a FIFO or another file, is never read, and none is read while it changes.
 */
export class ContentReader implements Disposable {
  readonly #roots = new Map<DirectoryRoot, DirectoryDescriptors>();
  readonly #archives = new Map<DiskFile, number>();

  /**
   * Opens a content. `name` is its path in the tree, for messages. Throws `CONTEXT_INVALID` when the file cannot be read or is not the
   * listed one any more.
   */
  open(name: string, content: FileContent): OpenedContent {
    if ("bytes" in content) return openBytes(content.bytes);
    if ("archive" in content) {
      const { archive, ranges } = content;
      return new OpenedRanges(name, archive, this.openArchive(name, archive), ranges, false);
    }
    const fd = this.#openFile(name, content);
    return new OpenedRanges(name, content, fd, [{ offset: 0, sizeBytes: content.sizeBytes }], true);
  }

  /** Reads a content to `target` at `offset`. Throws as {@link open} and {@link OpenedContent}. */
  readWhole(name: string, content: FileContent, target: Uint8Array, offset: number): void {
    const opened = this.open(name, content);
    try {
      opened.read(target, offset, sizeOf(content));
      opened.assertUnchanged();
    } finally {
      opened.close();
    }
  }

  /**
   * Opens a file as {@link open} does, for reads at any offset. The descriptor stays open until the reader is disposed of. Throws as
   * {@link open}.
   */
  openArchive(name: string, archive: DiskFile): number {
    let fd = this.#archives.get(archive);
    if (fd === undefined) this.#archives.set(archive, (fd = this.#openFile(name, archive)));
    return fd;
  }

  [Symbol.dispose](): void {
    for (const descriptors of this.#roots.values()) descriptors[Symbol.dispose]();
    for (const fd of this.#archives.values()) fs.closeSync(fd);
    this.#roots.clear();
    this.#archives.clear();
  }

  #openFile(name: string, file: DiskFile): number {
    let fd: number;
    try {
      fd = this.#openUnverified(file);
    } catch (error) {
      if (error instanceof RootReplacedError) throw changedError(name, file, "its directory was replaced", error);
      if (hasErrorCode(error, "ELOOP")) throw changedError(name, file, "it is a symbolic link now", error);
      if (hasErrorCode(error, "ENOENT")) throw changedError(name, file, "it was removed", error);
      if (hasErrorCode(error, "ENOTDIR", "ENXIO", "EISDIR"))
        throw changedError(name, file, "it is not a file any more", error);
      const reason = systemErrorCode(error);
      if (reason === undefined) throw error;
      throw new UnikernelError("CONTEXT_INVALID", `'/${name}' cannot be read (${reason}).`, {
        property: file.property ?? "context",
        cause: error,
      });
    }
    try {
      assertListed(name, file, fd);
      return fd;
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  }

  #openUnverified({ root, path }: DiskFile): number {
    if (root === undefined) return fs.openSync(path, O_RDONLY | O_NONBLOCK);
    let descriptors = this.#roots.get(root);
    if (descriptors === undefined) this.#roots.set(root, (descriptors = new DirectoryDescriptors(root)));
    return descriptors.openFile(path.slice(root.path.endsWith("/") ? root.path.length : root.path.length + 1));
  }
}

function assertListed(name: string, file: DiskFile, fd: number): void {
  const stat = fs.fstatSync(fd);
  if (!stat.isFile()) throw changedError(name, file, "it is not a file any more");
  const { identity } = file;
  if (stat.size !== file.sizeBytes)
    throw changedError(name, file, `it had ${file.sizeBytes} bytes and has ${stat.size} now`);
  if (stat.dev !== identity.dev || stat.ino !== identity.ino) throw changedError(name, file, "it was replaced");
  if (stat.mtimeMs !== identity.mtimeMs || stat.ctimeMs !== identity.ctimeMs)
    throw changedError(name, file, "it was written to");
}

function openBytes(bytes: Uint8Array): OpenedContent {
  let position = 0;
  return {
    read: (target, offset, length) => {
      target.set(bytes.subarray(position, position + length), offset);
      position += length;
    },
    assertUnchanged: () => undefined,
    close: () => undefined,
  };
}

/** Consecutive reads of ranges of an open file. */
class OpenedRanges implements OpenedContent {
  readonly #name: string;
  readonly #file: DiskFile;
  readonly #fd: number;
  readonly #ranges: readonly ArchiveRange[];
  readonly #ownsDescriptor: boolean;
  #range = 0;
  #position = 0;

  constructor(name: string, file: DiskFile, fd: number, ranges: readonly ArchiveRange[], ownsDescriptor: boolean) {
    this.#name = name;
    this.#file = file;
    this.#fd = fd;
    this.#ranges = ranges;
    this.#ownsDescriptor = ownsDescriptor;
  }

  read(target: Uint8Array, offset: number, length: number): void {
    const end = offset + length;
    for (let at = offset; at < end;) {
      const range = this.#ranges[this.#range];
      if (range === undefined) throw new UnikernelError("BUG", `'/${this.#name}' was read past its end.`);
      const wanted = Math.min(end - at, range.sizeBytes - this.#position);
      at += this.#readRange(range, target, at, wanted);
      if (this.#position < range.sizeBytes) continue;
      this.#range += 1;
      this.#position = 0;
    }
  }

  #readRange({ offset }: ArchiveRange, target: Uint8Array, at: number, wanted: number): number {
    let bytesRead = wanted;
    if (offset === undefined) target.fill(0, at, at + wanted);
    else if (wanted > 0) {
      try {
        bytesRead = fs.readSync(this.#fd, target, at, wanted, offset + this.#position);
      } catch (error) {
        throw new UnikernelError(
          "CONTEXT_INVALID",
          `'/${this.#name}' cannot be read (${systemErrorCode(error) ?? "unknown error"}).`,
          { property: this.#file.property ?? "context", cause: error },
        );
      }
      if (bytesRead === 0) throw changedError(this.#name, this.#file, "it is shorter now");
    }
    this.#position += bytesRead;
    return bytesRead;
  }

  assertUnchanged(): void {
    assertListed(this.#name, this.#file, this.#fd);
  }

  close(): void {
    if (this.#ownsDescriptor) fs.closeSync(this.#fd);
  }
}
