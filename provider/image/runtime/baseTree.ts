/** The base initrd of the stand-in guest: `/init`, busybox, kernel modules and the few files programs expect. */
import * as path from "node:path";
import { UnikernelError } from "../../base/errors";
import type { FileContent, FileTree, TreeEntry } from "../rootfs/tree";
import { EXEC_SCRIPT } from "./execScript";
import { INIT_SCRIPT } from "./initScript";
import { COMMAND_MODULE, CONTROL_FILE_MODULES, EROFS_MODULES, KERNEL_MODULES, VSOCK_MODULES } from "./kernelModules";
import { MODPROBE_SCRIPT } from "./modprobeScript";
import { controlFileProgram } from "./programs/controlFile";
import { notifyProgram } from "./programs/notify";
import { reseedProgram } from "./programs/reseed";
import { setClockProgram } from "./programs/setClock";

const directory = (mode = 0o755): TreeEntry => ({ type: "directory", mode });
const file = (content: FileContent, mode = 0o644): TreeEntry => ({ type: "file", mode, content });
const text = (content: string, mode = 0o644): TreeEntry => file({ bytes: Buffer.from(content) }, mode);

/** Links that programs expect in `/dev`, such as images that log to `/dev/stdout`. Source: runtime-spec of the OCI, config-linux.md. */
const DEVICE_LINKS: readonly (readonly [string, string])[] = [
  ["fd", "/proc/self/fd"],
  ["stdin", "/proc/self/fd/0"],
  ["stdout", "/proc/self/fd/1"],
  ["stderr", "/proc/self/fd/2"],
];

/** The files that {@link createBaseTree} needs. */
export interface BaseTreeParts {
  /** A static busybox. */
  readonly busybox: FileContent;
  /** Paths of busybox's applets, such as `usr/bin/env` (`busybox --list-full`). */
  readonly applets: readonly string[];
  /** Content of each of {@link KERNEL_MODULES}, {@link EROFS_MODULES}, {@link VSOCK_MODULES} and {@link CONTROL_FILE_MODULES}, and of {@link COMMAND_MODULE}. */
  readonly modules: ReadonlyMap<string, FileContent>;
}

/**
 * Creates the base tree. A root file system overlaid on it may replace anything except `init` and `unikernel/**`.
 */
export function createBaseTree(parts: BaseTreeParts): FileTree {
  const tree = new Map<string, TreeEntry>();
  for (const folder of [
    "dev",
    "proc",
    "sys",
    "etc",
    "root",
    "var",
    "run",
    "unikernel",
    "unikernel/dev",
    "unikernel/modules",
  ]) {
    tree.set(folder, directory());
  }
  tree.set("tmp", directory(0o1777));
  tree.set("etc/passwd", text("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"));
  tree.set("etc/group", text("root:x:0:\nnogroup:x:65534:\n"));
  tree.set("etc/hosts", text("127.0.0.1 localhost\n"));
  tree.set("etc/resolv.conf", text(""));
  tree.set("init", text(INIT_SCRIPT, 0o755));
  tree.set("unikernel/exec", text(EXEC_SCRIPT, 0o755));
  tree.set("unikernel/modprobe", text(MODPROBE_SCRIPT, 0o755));
  for (const [name, target] of DEVICE_LINKS) tree.set(`unikernel/dev/${name}`, { type: "symlink", target });
  tree.set("unikernel/busybox", file(parts.busybox, 0o755));
  tree.set("unikernel/set-clock", file({ bytes: setClockProgram() }, 0o755));
  tree.set("unikernel/notify", file({ bytes: notifyProgram() }, 0o755));
  tree.set("unikernel/control-file", file({ bytes: controlFileProgram() }, 0o755));
  tree.set("unikernel/reseed", file({ bytes: reseedProgram() }, 0o755));
  for (const applet of ["bin/busybox", ...parts.applets]) {
    const up = "../".repeat(path.posix.dirname(applet).split("/").length);
    tree.set(applet, { type: "symlink", target: `${up}unikernel/busybox` });
  }
  for (const [inner, entry] of moduleFiles(KERNEL_MODULES, "order", parts.modules)) tree.set(inner, entry);
  for (const [inner, entry] of moduleFiles(VSOCK_MODULES, "vsock", parts.modules)) tree.set(inner, entry);
  for (const [inner, entry] of moduleFiles(CONTROL_FILE_MODULES, "control-files", parts.modules))
    tree.set(inner, entry);
  tree.set(...moduleFile(COMMAND_MODULE, parts.modules));
  return tree;
}

/** The files with which {@link createBaseTree}'s init mounts an EROFS disk as its root file system. */
export const createErofsFiles = ({ modules }: Pick<BaseTreeParts, "modules">): FileTree =>
  moduleFiles(EROFS_MODULES, "erofs", modules);

/** Kernel modules, and the list of their names in load order. */
function moduleFiles(
  modules: readonly string[],
  list: string,
  contents: ReadonlyMap<string, FileContent>,
): Map<string, TreeEntry> {
  const names = modules.map((module) => path.posix.basename(module));
  const files = modules.map((module) => moduleFile(module, contents));
  return new Map([...files, [`unikernel/modules/${list}`, text(`${names.join("\n")}\n`)]]);
}

function moduleFile(module: string, contents: ReadonlyMap<string, FileContent>): [string, TreeEntry] {
  const content = contents.get(module);
  if (content === undefined) throw new UnikernelError("BUG", `The kernel module '${module}' is missing.`);
  return [`unikernel/modules/${path.posix.basename(module)}`, file(content)];
}
