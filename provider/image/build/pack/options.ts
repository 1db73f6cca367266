/** What packing an image takes and gives. */
import type { Digest } from "../../../base/digest";

/** Reported when a build starts a step. */
export interface BuildProgress {
  readonly step: "runtime" | "rootfs" | "store";
  /** Human-readable clause: `packing 214 files (3.1 MiB)`. */
  readonly message: string;
}

/** Where to store an image. */
export interface PackOptions {
  /** Folder of the OCI image layout; `undefined` computes the digest and stores nothing. */
  readonly layout: string | undefined;
  /** Repository in the layout; the tag is `latest`. */
  readonly repository: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: BuildProgress) => void;
  /** Receives what the Kraftfile or the Dockerfile says without effect, as sentences. */
  readonly onWarning?: (warning: string) => void;
}

/** An image stored in the layout. */
export interface BuiltImage {
  /** Digest of the image index. */
  readonly digest: Digest;
  /** Total bytes of the image's blobs, each counted once. */
  readonly sizeBytes: number;
  /** As in the `BuildPlan`. */
  readonly contextHash: Digest;
}
