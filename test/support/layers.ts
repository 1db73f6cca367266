/** Layers as files, for tests with their own runtime. */
import { layerBlobFromFile, writeBlob } from "../../provider/image/oci/blob";
import type { LayerRef } from "../../provider/image/oci/layer";

/** Writes a layer that contains `file` as `entry` to the path `blob`. */
export async function writeLayer(file: string, entry: string, blob: string): Promise<LayerRef> {
  const source = await layerBlobFromFile(file, entry);
  await writeBlob(source, blob);
  return { digest: source.digest, sizeBytes: source.sizeBytes, blob, entry };
}
