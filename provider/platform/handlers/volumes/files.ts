/** Copies files between volumes and folders of the host. */
import { findBySelector } from "../../lookup";
import type { BodyOf } from "../../../contract/routes";
import type { Registry } from "../../registry";
import { exportFromVolume, importToVolume } from "../../volumes/files/copyFiles";
import { resolveLentFolder } from "../../volumes/files/lentFolder";
import type { Handlers } from "../handler";
import { mapItems } from "../items";

type FileRoutes = "importVolumes" | "exportVolumes";

/** Handlers of `/v1/volumes/import` and `/v1/volumes/export`. */
export function volumeFilesHandlers(registry: Registry): Pick<Handlers, FileRoutes> {
  const { log, paths } = registry.parts;
  const handle = (event: string, copy: typeof importToVolume) => async (entry: BodyOf<FileRoutes>[number]) => {
    const volume = findBySelector(registry.volumes.values(), (one) => one, "volume", entry);
    const folder = await resolveLentFolder(paths, entry.folder);
    const { entries, skipped } = await copy(registry, volume, folder);
    log.write(event, { uuid: volume.uuid, entries });
    return { status: "success" as const, uuid: volume.uuid, name: volume.name, entries, skipped: [...skipped] };
  };
  return {
    importVolumes: async ({ body }) => ({
      items: await mapItems(body, log, handle("volume.imported", importToVolume)),
    }),
    exportVolumes: async ({ body }) => ({
      items: await mapItems(body, log, handle("volume.exported", exportFromVolume)),
    }),
  };
}
