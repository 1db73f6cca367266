/** The parsed form of a Kraftfile. */
import type { Platform } from "../oci/descriptor";

/** A position in the file; line and column start at 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A problem at a position in the file. */
export interface Problem extends Position {
  /** One sentence; never contains a value of `env`. */
  readonly message: string;
}

/** Operating system and architecture, normalised: `qemu`, `fc`, `xen`, `kraftcloud` / `x86_64`, `arm64`, `arm`. */
export type Target = Pick<Platform, "os" | "architecture">;

/** A valid Kraftfile. Versions 0.6 and 0.7 are normalised to this form. */
export interface Kraftfile {
  readonly spec: "0.6" | "0.7";
  /** Name of the project; not part of the image. */
  readonly name?: string;
  /** Reference of the runtime, without `oci://`. */
  readonly runtime: string;
  /** Directory, relative to the Kraftfile; `undefined` when the image adds no files. */
  readonly rootfs?: { readonly path: string; readonly position: Position };
  /** Complete argv; `undefined` means the runtime's. */
  readonly cmd?: readonly string[];
  /** Sorted by name when written as a map, in file order when written as a list. */
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Empty means any platform that the runtime supports. */
  readonly targets: readonly Target[];
}

/** How a key is handled; `unsupported` is the clause that explains it to the user. */
export type KeySupport = "read" | "ignored" | { readonly unsupported: string };

/**
 * Top-level keys and how each is handled: read, ignored because it has no effect on an image (`outdir` is deprecated),
 * or rejected, because an image that ignored it would not match the file.
 */
export const TOP_LEVEL_KEYS: ReadonlyMap<string, KeySupport> = new Map(
  Object.entries<KeySupport>({
    spec: "read",
    specification: "read",
    name: "read",
    runtime: "read",
    rootfs: "read",
    cmd: "read",
    env: "read",
    labels: "read",
    targets: "read",
    outdir: "ignored",
    unikraft: { unsupported: "kernels are not compiled; set 'runtime' to a prebuilt one" },
    template: { unsupported: "templates are not fetched; copy the template's content into this file" },
    libraries: {
      unsupported: "kernels are not compiled; set 'runtime' to one that contains the library",
    },
    roms: { unsupported: "ROM images are not built; put the files in the 'rootfs' directory" },
    volumes: {
      unsupported: "volumes are not part of an image; list them in the Instance's or the template's 'volumes'",
    },
  }),
);

/** Common wrong spellings of keys, with the key that is meant. */
export const KEY_SYNONYMS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    command: "cmd",
    entrypoint: "cmd",
    args: "cmd",
    environment: "env",
    initrd: "rootfs",
    root: "rootfs",
    version: "spec",
    image: "runtime",
    kernel: "runtime",
    platforms: "targets",
  }),
);
