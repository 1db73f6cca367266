/** The parts of an image's inputs by name, to tell what has changed between two builds. Pure. */
import { parentOf } from "../rootfs/completeTree";
import type { RootfsPlan } from "./rootfsPlan";

/**
 * Name → what stands for the content. A name is a path in the guest (`/www/index.html`), a path in the build context of a Dockerfile
 * (`./src/main.c`), or a key of the Kraftfile or of the inputs (`cmd`, `build`). Holds digests of files that may be secret, so it stays
 * in memory.
 */
export type ImageParts = ReadonlyMap<string, string>;

/** What the content hash is computed from. */
export interface HashedParts {
  /** The reference of a runtime, or what stands for another kernel. */
  readonly kernel: unknown;
  readonly run: { readonly cmd: unknown; readonly env: unknown; readonly labels: unknown };
  readonly targets: unknown;
  readonly format: unknown;
  readonly source: string | null;
  readonly tree: readonly TreeRow[];
  readonly roms: readonly unknown[];
}

/** What stands for one entry of a tree. */
export type TreeRow = readonly [path: string, ...rest: unknown[]];

/** Lists the parts. A folder is listed only if nothing is in it. */
export function listParts(
  { kernel, run, targets, format, source, tree, roms }: HashedParts,
  rootfs: RootfsPlan,
): ImageParts {
  const keys = { [typeof kernel === "string" ? "runtime" : "kernel"]: kernel, ...run, targets, format, roms };
  const parts = new Map(Object.entries(keys).map(([name, value]) => [name, JSON.stringify(value)]));
  if (rootfs.type === "image") parts.set("rootfs", source ?? "");
  if (rootfs.type === "dockerfile") {
    parts.set("build", JSON.stringify(rootfs.options));
    addEntries(parts, "./", rootfs.entries);
  }
  addEntries(parts, "/", tree);
  return parts;
}

function addEntries(parts: Map<string, string>, prefix: string, entries: readonly TreeRow[]): void {
  const parents = new Set(entries.map(([path]) => parentOf(path)));
  for (const [path, ...rest] of entries) if (!parents.has(path)) parts.set(prefix + path, JSON.stringify(rest));
}
