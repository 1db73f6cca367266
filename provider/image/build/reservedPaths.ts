/** Paths that images cannot have, because the platform or the runtime interprets what is there. Pure. */
import { UnikernelError } from "../../base/errors";
import type { FileTree } from "../rootfs/tree";

/** Below it the platform passes command line, annotations and kernel modules to the guest. */
const PLATFORM_FOLDER = "unikernel";

/** True for a path (without the leading `/`) that is reserved in every image. */
export const isReservedPath = (path: string): boolean =>
  path.startsWith(PLATFORM_FOLDER) && (path.length === PLATFORM_FOLDER.length || path[PLATFORM_FOLDER.length] === "/");

/**
 * Throws `CONTEXT_INVALID` if the tree has a reserved path, of whatever type. Without this, `/unikernel/cmdline` of an image would
 * override the arguments and the environment of its instances.
 */
export function assertUnreserved(tree: FileTree): void {
  const reserved: string[] = [];
  for (const path of tree.keys()) if (isReservedPath(path)) reserved.push(path);
  // A folder says less than what is in it.
  const found = reserved.find((path) => tree.get(path)?.type !== "directory") ?? reserved[0];
  if (found === undefined) return;
  throw new UnikernelError(
    "CONTEXT_INVALID",
    `The root file system contains '/${found}', and paths below /unikernel are reserved for the platform.`,
    { property: "context", hint: "Rename it." },
  );
}

/** Throws `CONTEXT_INVALID` if the tree has the `/init` that the runtime provides. */
export function assertNoInit(tree: FileTree, runtime: string): void {
  if (!tree.has("init")) return;
  throw new UnikernelError(
    "CONTEXT_INVALID",
    `The root file system contains '/init', which the runtime '${runtime}' provides.`,
    { property: "context", hint: "Rename it and use the new name in the Kraftfile's 'cmd'." },
  );
}
