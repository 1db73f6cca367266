/** Layers and ROMs as files, for tests with their own runtime or images. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { digestOf } from "../../provider/base/digest";
import { layerBlobFromFile, writeBlob } from "../../provider/image/oci/blob";
import type { LayerRef } from "../../provider/image/oci/layer";
import type { RomRef } from "../../provider/image/oci/storedImage";

/** Writes a layer that contains `file` as `entry` to the path `blob`. */
export async function writeLayer(file: string, entry: string, blob: string): Promise<LayerRef> {
  const source = await layerBlobFromFile(file, entry);
  await writeBlob(source, blob);
  return { digest: source.digest, sizeBytes: source.sizeBytes, blob, entry };
}

/** Writes a ROM of each content into `folder`. */
export const writeRoms = (folder: string, contents: readonly Buffer[]): Promise<RomRef[]> =>
  Promise.all(
    contents.map(async (content, index) => {
      const blob = path.join(folder, `rom-${index}`);
      await fs.writeFile(blob, content);
      return { digest: digestOf(content), sizeBytes: content.length, blob };
    }),
  );
