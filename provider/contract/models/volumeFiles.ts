/**
 * Copies files between a folder of the host and a volume. An extension of the local platform: metros list it as the feature
 * `volume-files` in `GET /v1/healthz`.
 */
import * as z from "zod";
import { itemStatus, withSelector } from "./common";

/**
 * Item of the body of `PUT /v1/volumes/import` and `PUT /v1/volumes/export`. `folder` names a link in the platform's run folder,
 * which only the user of the platform can create: a token alone gives no access to the host's files.
 */
export const volumeFilesRequest = withSelector({ folder: z.uuid() });

/** Item of its response. */
export const volumeFilesItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  /** Files, folders and symbolic links that were copied. */
  entries: z.int().optional(),
  /** Paths of what was not copied: devices, sockets and pipes. */
  skipped: z.array(z.string()).optional(),
});
