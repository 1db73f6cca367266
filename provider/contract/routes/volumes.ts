/** `/v1/volumes`, with templates. */
import * as m from "../models";
import { noBody, noQuery, route, nonEmptyArray, taggedListQuery } from "./route";

const dataKey = "volumes";

/** Operations on volumes. */
export const volumeRoutes = {
  createVolume: route({
    method: "POST",
    path: "/v1/volumes",
    query: noQuery,
    body: m.createVolumeRequest,
    dataKey,
    item: m.volumeItem,
    retry: "look-first",
  }),
  getVolumes: route({
    method: "GET",
    path: "/v1/volumes",
    singleObjectPath: "/v1/volumes/{uuid}",
    query: taggedListQuery,
    body: noBody,
    dataKey,
    item: m.volumeItem,
    retry: "idempotent",
  }),
  patchVolumes: route({
    method: "PATCH",
    path: "/v1/volumes",
    singleObjectPath: "/v1/volumes/{uuid}",
    query: noQuery,
    body: nonEmptyArray(m.patchVolumeRequest),
    dataKey,
    item: m.patchedItem,
    retry: "idempotent",
  }),
  deleteVolumes: route({
    method: "DELETE",
    path: "/v1/volumes",
    singleObjectPath: "/v1/volumes/{uuid}",
    query: noQuery,
    body: nonEmptyArray(m.nameOrUuid),
    dataKey,
    item: m.idItem,
    retry: "idempotent",
  }),
  attachVolumes: route({
    method: "PUT",
    path: "/v1/volumes/attach",
    singleObjectPath: "/v1/volumes/{uuid}/attach",
    query: noQuery,
    body: nonEmptyArray(m.attachVolumeRequest),
    dataKey,
    item: m.idItem,
    // A second request fails with "attached"; the caller checks to which instance.
    retry: "look-first",
  }),
  detachVolumes: route({
    method: "PUT",
    path: "/v1/volumes/detach",
    singleObjectPath: "/v1/volumes/{uuid}/detach",
    query: noQuery,
    body: nonEmptyArray(m.detachVolumeRequest),
    dataKey,
    item: m.idItem,
    // A second request fails with code 21 (not attached), which callers treat as success.
    retry: "idempotent",
  }),
  cloneVolumes: route({
    method: "POST",
    path: "/v1/volumes/clone",
    singleObjectPath: "/v1/volumes/{uuid}/clone",
    query: noQuery,
    body: nonEmptyArray(m.cloneVolumeRequest),
    dataKey,
    item: m.volumeStateItem,
    retry: "look-first",
  }),
  /** Extension: only metros with the feature `volume-files`. */
  importVolumes: route({
    method: "PUT",
    path: "/v1/volumes/import",
    query: noQuery,
    body: nonEmptyArray(m.volumeFilesRequest),
    dataKey,
    item: m.volumeFilesItem,
    retry: "idempotent",
  }),
  /** Extension: only metros with the feature `volume-files`. */
  exportVolumes: route({
    method: "PUT",
    path: "/v1/volumes/export",
    query: noQuery,
    body: nonEmptyArray(m.volumeFilesRequest),
    dataKey,
    item: m.volumeFilesItem,
    // After a lost answer the folder is not empty.
    retry: "look-first",
  }),

  createVolumeTemplates: route({
    method: "POST",
    path: "/v1/volumes/templates",
    query: noQuery,
    body: nonEmptyArray(m.nameOrUuid),
    dataKey,
    item: m.volumeStateItem,
    // Converts the volume itself, so a second request finds a template.
    retry: "idempotent",
  }),
  getVolumeTemplates: route({
    method: "GET",
    path: "/v1/volumes/templates",
    singleObjectPath: "/v1/volumes/templates/{uuid}",
    query: taggedListQuery,
    body: noBody,
    dataKey,
    item: m.volumeItem,
    retry: "idempotent",
  }),
  patchVolumeTemplates: route({
    method: "PATCH",
    path: "/v1/volumes/templates",
    singleObjectPath: "/v1/volumes/templates/{uuid}",
    query: noQuery,
    body: nonEmptyArray(m.patchTemplateVolumeRequest),
    dataKey,
    item: m.patchedItem,
    retry: "idempotent",
  }),
  deleteVolumeTemplates: route({
    method: "DELETE",
    path: "/v1/volumes/templates",
    singleObjectPath: "/v1/volumes/templates/{uuid}",
    query: noQuery,
    body: nonEmptyArray(m.nameOrUuid),
    dataKey,
    item: m.idItem,
    retry: "idempotent",
  }),
} as const;
