/** Turns an image that podman or buildah wrote into a folder (`dir:`) into an OCI layout. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { z } from "zod";
import { type Digest, isDigest } from "../../../base/digest";
import { writeLayout } from "./writeLayout";

const descriptor = z.object({
  mediaType: z.string(),
  digest: z.custom<Digest>((value) => typeof value === "string" && isDigest(value)),
  size: z.number().int().nonnegative(),
});
const manifestSchema = z.object({ config: descriptor, layers: z.array(descriptor) });

/**
 * Moves the blobs of `folder` into a new layout. The folder has `manifest.json`, and each blob under the hexadecimal part of its
 * digest. Source: containers-transports(5), `dir:`.
 */
export async function layoutFromDockerFolder(folder: string, layout: string): Promise<void> {
  const text = await fs.readFile(path.join(folder, "manifest.json"), "utf8");
  const { config, layers } = manifestSchema.parse(JSON.parse(text));
  const blobFile = (digest: Digest): string => path.join(folder, digest.slice("sha256:".length));
  const files = layers.map(({ mediaType, digest, size }) => ({
    file: blobFile(digest),
    digest,
    sizeBytes: size,
    isGzip: mediaType.endsWith("gzip"),
  }));
  await writeLayout(layout, await fs.readFile(blobFile(config.digest)), files);
}
