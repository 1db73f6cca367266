/**
 * Assets: contents that a program gives as a text, a file or a URL. Pure.
 *
 * The engine sends an asset as an object with a signature. Source: pulumi/pulumi, `sdk/go/common/resource/asset/asset.go` and
 * `archive/archive.go`; @pulumi/pulumi, `runtime/rpc.ts`.
 */
import * as z from "zod";

const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const ASSET_SIGNATURE = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE_SIGNATURE = "0def7320c3a5731c473e5ecbe6d01bc7";

/** An asset as the engine sends it: exactly one of `text`, `path` and `uri`, where an empty one counts as absent. */
export interface Asset {
  /** SHA-256 of the content, in hexadecimal digits. The engine computes it when the program registers the resource. */
  readonly hash?: string;
  /** Content of a `StringAsset`. */
  readonly text?: string;
  /** Path of a `FileAsset`, relative to the program. */
  readonly path?: string;
  /** URL of a `RemoteAsset`: `http:`, `https:` or `file:`. */
  readonly uri?: string;
}

const signatureOf = (value: unknown): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[SIGNATURE_KEY] : undefined;

/** True for an asset. */
export const isAsset = (value: unknown): value is Asset => signatureOf(value) === ASSET_SIGNATURE;

/** True for an asset, an archive, or another of Pulumi's special values. */
export const isSpecialValue = (value: unknown): boolean => signatureOf(value) !== undefined;

/** The schema of an asset. Attach metadata to a wrapper of it, such as `assetSchema.optional()`. */
export const assetSchema = z.custom<Asset>(isAsset, {
  error: ({ input }) =>
    signatureOf(input) === ARCHIVE_SIGNATURE
      ? "is an archive, and a file has one content: give each of its files as an asset, or put them into the root file system"
      : "must be an asset: a FileAsset, a StringAsset or a RemoteAsset",
});
