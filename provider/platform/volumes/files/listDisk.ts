/** Parses what debugfs prints about files in a file system. A guest wrote that file system, so nothing in it is trusted. Pure. */

/** An entry of a directory in the file system. */
export interface DiskEntry {
  readonly inode: number;
  readonly type: "file" | "folder" | "link" | "other";
  /** Permission bits. */
  readonly mode: number;
  readonly name: string;
  /** 0 for a folder. */
  readonly sizeBytes: number;
}

/** A line of `ls -p`: `/inode/mode/uid/gid/name/size/`. The size is empty for a directory. */
const ENTRY = /^\/(\d+)\/([0-7]{6})\/\d+\/\d+\/(.*)\/(\d*)\/$/;
/** File types in the mode of an inode. Source: inode(7). */
const TYPES: Readonly<Record<string, DiskEntry["type"]>> = { "10": "file", "04": "folder", "12": "link" };

/** True for a name that is one part of a path on the host. U+FFFD stands for bytes that are no UTF-8. */
const isPlainName = (name: string): boolean => name !== "" && !name.includes("/") && !name.includes("\uFFFD");

/** A listing of a directory, or the reason why it cannot be exported. */
export type DirectoryListing = { readonly entries: readonly DiskEntry[] } | { readonly problem: string };

/** Parses the output of one `ls -p`. */
export function parseDirectory(output: string): DirectoryListing {
  const entries: DiskEntry[] = [];
  const names = new Set<string>();
  for (const line of output.split("\n")) {
    if (line === "") continue;
    const [, inode = "", mode = "", name = "", size = ""] = ENTRY.exec(line) ?? [];
    if (name === "." || name === "..") continue;
    if (!isPlainName(name))
      return { problem: `has an entry whose name cannot be used: ${JSON.stringify(name || line)}` };
    if (names.has(name)) return { problem: `has two entries of the name ${JSON.stringify(name)}` };
    names.add(name);
    const type = TYPES[mode.slice(0, 2)] ?? "other";
    const permissions = Number.parseInt(mode.slice(2), 8) & 0o7777;
    entries.push({ inode: Number(inode), type, mode: permissions, name, sizeBytes: Number(size) });
  }
  return { entries };
}

/** Splits the output of several commands at the lines that repeat them. */
export const splitOutput = (output: string): string[] => output.split(/^debugfs: .*$\n?/m).slice(1);

/** The target of a short symbolic link from `stat`; `undefined` for a long one, whose target is its content. */
export const parseShortTarget = (stat: string): string | undefined => /^Fast link dest: "(.*)"$/m.exec(stat)?.[1];
