/** What a Kraftfile means, once read. */
import type { Platform } from "../oci/descriptor";

/** Where something stands in the file; both count from one. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A problem at a place of the file. */
export interface Problem extends Position {
  /** One sentence; never holds a value of `env`. */
  readonly message: string;
}

/** Operating system and architecture, normalised: `qemu`, `fc`, `xen`, `kraftcloud` / `x86_64`, `arm64`, `arm`. */
export type Target = Pick<Platform, "os" | "architecture">;

/** A Kraftfile that can be built. Versions 0.6 and 0.7 end in this one form. */
export interface Kraftfile {
  readonly spec: "0.6" | "0.7";
  /** Name of the project; no part of the image. */
  readonly name?: string;
  /** Reference of the runtime, as in the file without `oci://`. */
  readonly runtime: string;
  /** Directory, relative to the Kraftfile; `undefined` when the image brings no files. */
  readonly rootfs?: { readonly path: string; readonly position: Position };
  /** Complete argv; `undefined` takes the runtime's. */
  readonly cmd?: readonly string[];
  /** Sorted by name when written as a map, in the order of the file when written as a list. */
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Empty: whatever the runtime is made for. */
  readonly targets: readonly Target[];
}

/** What becomes of a key. */
export type KeySupport = "read" | "ignored" | { readonly unsupported: string };

/**
 * Top-level keys and what becomes of them: read, ignored because nothing here depends on them (`outdir` is deprecated,
 * `name` names the project), or refused, because an image without them is not what the file asks for.
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
    unikraft: { unsupported: "kernels are not compiled here; name a ready-made one with 'runtime'" },
    template: { unsupported: "templates are not fetched; write what the template holds into this file" },
    libraries: {
      unsupported: "kernels are not compiled here; name a runtime that contains the library with 'runtime'",
    },
    roms: { unsupported: "ROM images are not built here; put the files below the 'rootfs' directory" },
    volumes: {
      unsupported: "volumes are no part of an image; list them in the Instance's or the template's 'volumes'",
    },
  }),
);

/** Words that people try, and the key they mean. */
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
