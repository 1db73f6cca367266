/** Reads a `newc` CPIO archive from an untrusted source into a file tree. */
import { UnikernelError } from "../../base/errors";
import { isTreePath } from "../rootfs/completeTree";
import type { FileTree, TreeEntry } from "../rootfs/tree";
import { FILE_TYPE, HEADER_BYTES, TRAILER_NAME, decodeHeader, paddingBytes, type CpioHeader } from "./header";

const malformedArchiveError = (offset: number, what: string): UnikernelError =>
  new UnikernelError("BUILD_FAILED", `A CPIO archive is malformed at byte ${offset}: ${what}.`);

/**
 * Reads an archive. Leading `./` and `/` of names are stripped; devices and FIFOs are skipped; later entries replace
 * earlier ones of the same name; all hard links of a file get its content. File contents are views into `bytes`.
 *
 * Throws `BUILD_FAILED` for a malformed archive: truncated, wrong magic number, a path with `..`, a name that is not
 * UTF-8, no trailer, or data after the trailer.
 */
export function readCpio(bytes: Uint8Array): FileTree {
  const tree = new Map<string, TreeEntry>();
  const links = new Map<string, { paths: string[]; content: Uint8Array }>();
  for (const { header, name, data, offset } of readEntries(bytes)) {
    const path = name.replace(/^(?:\.?\/)+/, "").replace(/\/+$/, "");
    if (path === "" || path === ".") continue;
    if (!isTreePath(path)) throw malformedArchiveError(offset, `the path '${name}' is not allowed`);
    const mode = header.mode & 0o7777;
    switch (header.mode & FILE_TYPE.mask) {
      case FILE_TYPE.directory:
        tree.set(path, { type: "directory", mode });
        break;
      case FILE_TYPE.symlink:
        tree.set(path, { type: "symlink", target: decodeUtf8(data, offset) });
        break;
      case FILE_TYPE.file:
        tree.set(path, { type: "file", mode, content: { bytes: data } });
        if (header.links > 1) addHardLink(links, header, path, data);
        break;
      default:
        break; // a FileTree cannot represent devices, FIFOs and sockets
    }
  }
  for (const { paths, content } of links.values()) {
    for (const path of paths) {
      const entry = tree.get(path);
      if (entry?.type === "file") tree.set(path, { ...entry, content: { bytes: content } });
    }
  }
  return tree;
}

/** Hard links share an inode number; only one of them, usually the last, carries the content. */
function addHardLink(
  links: Map<string, { paths: string[]; content: Uint8Array }>,
  header: CpioHeader,
  path: string,
  data: Uint8Array,
): void {
  const key = `${header.devMajor}:${header.devMinor}:${header.inode}`;
  const known = links.get(key);
  if (known === undefined) links.set(key, { paths: [path], content: data });
  else {
    known.paths.push(path);
    if (data.length > 0) known.content = data;
  }
}

interface CpioEntry {
  readonly header: CpioHeader;
  readonly name: string;
  readonly data: Uint8Array;
  readonly offset: number;
}

function* readEntries(bytes: Uint8Array): Generator<CpioEntry> {
  let offset = 0;
  const take = (length: number, what: string): Uint8Array => {
    if (offset + length > bytes.length) throw malformedArchiveError(offset, `it ends inside ${what}`);
    const taken = bytes.subarray(offset, offset + length);
    offset += length;
    return taken;
  };
  for (;;) {
    const start = offset;
    const header = decodeHeader(take(HEADER_BYTES, "a header"));
    if (header === undefined) throw malformedArchiveError(start, "no 'newc' header found");
    if (header.nameBytes < 1) throw malformedArchiveError(start, "a name is empty");
    const raw = take(header.nameBytes, "a name");
    if (raw.indexOf(0) !== raw.length - 1)
      throw malformedArchiveError(start, "a name has no NUL at its end, or another before it");
    const name = decodeUtf8(raw.subarray(0, -1), start);
    take(Math.min(paddingBytes(HEADER_BYTES + header.nameBytes), bytes.length - offset), "padding");
    if (name === TRAILER_NAME) {
      if (bytes.subarray(offset).some((byte) => byte !== 0))
        throw malformedArchiveError(offset, "data follows the trailer");
      return;
    }
    const data = take(header.fileBytes, `the content of '${name}'`);
    take(paddingBytes(header.fileBytes), "padding");
    yield { header, name, data, offset: start };
  }
}

function decodeUtf8(bytes: Uint8Array, offset: number): string {
  const text = Buffer.from(bytes).toString("utf8");
  if (!Buffer.from(text).equals(bytes)) throw malformedArchiveError(offset, "a name is not UTF-8");
  return text;
}
