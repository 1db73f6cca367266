/** Reads a directory on disk as a file tree. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError, systemErrorCode } from "../../base/errors";
import { findEntryProblem } from "../cpio/write";
import { compareBytes } from "./completeTree";
import type { FileTree, TreeEntry } from "./tree";

/**
 * Lists everything below `directory` in byte order. Mode bits are preserved, owners and times are not; contents stay on
 * disk; symbolic links are kept as links, never followed. Absolute targets are normal in a root file system
 * (`/bin/sh -> /bin/busybox`): they are guest paths.
 *
 * Throws `CONTEXT_INVALID` that lists all devices, FIFOs, sockets, relative links that climb above the root, names that
 * are not UTF-8, files over 4 GiB, and unreadable entries.
 */
export async function treeFromDirectory(directory: string): Promise<FileTree> {
  const tree = new Map<string, TreeEntry>();
  const problems: string[] = [];
  await walk(directory, "", tree, problems);
  if (problems.length > 0) throw new UnikernelError("CONTEXT_INVALID", problems.join("\n"), { property: "context" });
  return tree;
}

async function walk(root: string, folder: string, tree: Map<string, TreeEntry>, problems: string[]): Promise<void> {
  for (const name of await listFolder(path.join(root, folder), folder, problems)) {
    const inner = folder === "" ? name : `${folder}/${name}`;
    const entry = await readEntry(path.join(root, inner), inner);
    const problem = typeof entry === "string" ? entry : findEntryProblem(inner, entry);
    if (problem !== undefined) problems.push(problem);
    if (typeof entry === "string") continue;
    tree.set(inner, entry);
    if (entry.type === "directory") await walk(root, inner, tree, problems);
  }
}

/** The entry, or a sentence that says why it cannot be packed. */
async function readEntry(file: string, inner: string): Promise<TreeEntry | string> {
  const stat = await fs.lstat(file);
  const mode = stat.mode & 0o7777;
  if (stat.isDirectory()) return { type: "directory", mode };
  if (stat.isSymbolicLink()) return toSymlinkEntry(await fs.readlink(file), inner);
  if (stat.isFile()) {
    const isReadable = await fs.access(file, fs.constants.R_OK).then(
      () => true,
      () => false,
    );
    return isReadable
      ? { type: "file", mode, content: { path: file, sizeBytes: stat.size } }
      : `'/${inner}' cannot be read.`;
  }
  const kind = stat.isFIFO() ? "FIFO" : stat.isSocket() ? "socket" : "device";
  return `'/${inner}' is a ${kind}; only files, directories and symbolic links can be packed. Remove it.`;
}

function toSymlinkEntry(target: string, inner: string): TreeEntry | string {
  const climbs = path.posix.join(path.posix.dirname(inner), target).split("/")[0] === "..";
  if (climbs && !target.startsWith("/"))
    return `The symbolic link '/${inner}' points outside the root file system ('${target}'); make it point inside, or remove it.`;
  return { type: "symlink", target };
}

async function listFolder(folder: string, inner: string, problems: string[]): Promise<string[]> {
  let raw: Buffer[];
  try {
    raw = await fs.readdir(folder, { encoding: "buffer" });
  } catch (error) {
    const code = systemErrorCode(error) ?? "unknown error";
    problems.push(`The directory '/${inner}' cannot be read (${code}).`);
    return [];
  }
  return raw
    .flatMap((bytes) => {
      const name = bytes.toString("utf8");
      if (Buffer.from(name).equals(bytes)) return [name];
      problems.push(`A name in '/${inner}' is not UTF-8: '${name}'.`);
      return [];
    })
    .sort(compareBytes);
}
