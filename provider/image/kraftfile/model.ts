/** The parsed form of a Kraftfile. */
import type { Platform } from "../oci/descriptor";

/** A position in the file; line and column start at 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A problem, or a warning, at a position in the file. */
export interface Problem extends Position {
  /** One sentence; never contains a value of `env`. */
  readonly message: string;
}

/** Rules by which a file is read. Older versions are read as 0.5, newer ones as 0.7. */
export type SpecVersion = "0.5" | "0.6" | "0.7";

/**
 * A platform that the image is for, normalised: `qemu`, `fc`, `xen`, `kraftcloud` / `x86_64`, `arm64`, `arm`. `osFeatures`
 * and `osVersion` come from its `kconfig`; they matter only for an image without a runtime.
 */
export type Target = Platform;

/** What a source is. */
export type SourceType = "directory" | "tarball" | "cpio" | "erofs" | "oci" | "dockerfile";

/** A file system format that an image can carry. */
export type FileSystemFormat = "cpio" | "erofs";

/** Where the files of a root file system or of a ROM come from. */
export interface RootfsSource {
  /**
   * As written: a path relative to the context, which may lead outside of it; the build context, if `dockerfile` is given; or the
   * reference of an image, if `type` is `oci`.
   */
  readonly path: string;
  /** `undefined`: found out from the file. */
  readonly type: SourceType | undefined;
  /** The Dockerfile, relative to `path`. `undefined`: `path` itself is the Dockerfile, if `type` says so. */
  readonly dockerfile?: string;
  /** Format to pack into, or that an already packed source must have. `undefined`: the runtime decides. */
  readonly format?: FileSystemFormat;
  /** Of the value that names the path. */
  readonly position: Position;
}

/** A volume that the project expects. It belongs to an instance: an image has none. */
export interface KraftfileVolume {
  /** Folder or volume name; `undefined` if the file does not name one. */
  readonly source?: string;
  /** Absolute path in the guest. */
  readonly destination: string;
  readonly readOnly: boolean;
}

/** A valid Kraftfile. All versions are normalised to this form. At most one of `runtime`, `kernelFile` and `compiles` is defined. */
export interface Kraftfile {
  readonly spec: SpecVersion;
  /** Normalised: lower case, `a-z0-9_-`. Not part of the image. */
  readonly name?: string;
  /** Reference of the runtime image, without `oci://`. */
  readonly runtime?: string;
  /** A prebuilt kernel, relative to the context. */
  readonly kernelFile?: Position & { readonly path: string };
  /** The key that asks for a kernel to be compiled, which only the tool `kraft` can do. */
  readonly compiles?: Position & { readonly key: "unikraft" | "template" | "libraries" };
  /** `undefined`: the image adds no files. */
  readonly rootfs?: RootfsSource;
  /** In declared order. The format is EROFS unless given. */
  readonly roms: readonly RootfsSource[];
  /** Complete argv; `undefined` means the Dockerfile's or the runtime's. */
  readonly cmd?: readonly string[];
  /** Sorted by name when written as a map, in file order when written as a list. */
  readonly env: Readonly<Record<string, string>>;
  /** Sorted by name. */
  readonly labels: Readonly<Record<string, string>>;
  /** Empty means any platform that the runtime supports. */
  readonly targets: readonly Target[];
  readonly volumes: readonly KraftfileVolume[];
  /** What the file says without effect, in file order, at most 50. */
  readonly warnings: readonly Problem[];
}
