/** Writes an OCI image layout from the parts of an image in Docker's format, whose config has more fields than OCI's. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type Digest, digestOf } from "../../../base/digest";

/** A layer that is a file on disk. */
export interface LayerFile {
  readonly file: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly isGzip: boolean;
}

const MEDIA_TYPES = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  gzipLayer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

/**
 * Writes the layout with one manifest. Moves the layers' files into it, so they must be on the same disk. The config is stored
 * byte by byte: Docker's is an OCI config with more fields, such as `Healthcheck`, as BuildKit writes them too.
 *
 * Source: OCI image-spec 1.1, image-layout.md and manifest.md.
 */
export async function writeLayout(layout: string, config: Uint8Array, layers: readonly LayerFile[]): Promise<void> {
  const blobs = path.join(layout, "blobs", "sha256");
  await fs.mkdir(blobs, { recursive: true });
  const blobFile = (digest: Digest): string => path.join(blobs, digest.slice("sha256:".length));
  const putBytes = async (bytes: Uint8Array | string, mediaType: string): Promise<object> => {
    const digest = digestOf(bytes);
    await fs.writeFile(blobFile(digest), bytes);
    return { mediaType, digest, size: Buffer.byteLength(bytes) };
  };
  const files = new Map(layers.map(({ digest, file }) => [digest, file])); // an image may contain a layer twice
  for (const [digest, file] of files) await fs.rename(file, blobFile(digest));
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: await putBytes(config, MEDIA_TYPES.config),
    layers: layers.map(({ digest, sizeBytes, isGzip }) => ({
      mediaType: isGzip ? MEDIA_TYPES.gzipLayer : MEDIA_TYPES.layer,
      digest,
      size: sizeBytes,
    })),
  });
  const manifests = [await putBytes(manifest, MEDIA_TYPES.manifest)];
  await fs.writeFile(path.join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  await fs.writeFile(path.join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}
