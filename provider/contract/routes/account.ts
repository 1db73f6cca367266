/** Images, quotas and health of a metro, and the control plane over all metros. */
import * as z from "zod";
import * as m from "../models";
import { nonEmptyArray, stringList, noBody, noQuery, route } from "./route";

const images = z.strictObject({ digest: stringList.optional(), tag: stringList.optional() });

/** Operations on the account, the metro and the control plane. */
export const accountRoutes = {
  getImages: route({
    method: "GET",
    path: "/v1/images",
    olderEndpoints: [{ method: "GET", path: "/v1/images/list" }],
    query: images,
    body: noBody,
    dataKey: "images",
    item: m.imageItem,
    retry: "idempotent",
  }),
  /** Images that are stored on the node. */
  getImageStore: route({
    method: "GET",
    path: "/v1/image-store",
    query: images,
    body: noBody,
    dataKey: "images",
    item: m.imageItem,
    retry: "idempotent",
  }),
  /** For image managers of a node. */
  pinImages: route({
    method: "POST",
    path: "/v1/images",
    query: noQuery,
    body: nonEmptyArray(m.pinImageRequest),
    dataKey: "images",
    item: m.pinnedImageItem,
    retry: "look-first",
  }),
  unpinImages: route({
    method: "DELETE",
    path: "/v1/images",
    query: noQuery,
    body: nonEmptyArray(m.unpinImageRequest),
    dataKey: "images",
    item: m.unpinnedImageItem,
    retry: "idempotent",
  }),
  getQuotas: route({
    method: "GET",
    path: "/v1/users/quotas",
    singleObjectPath: "/v1/users/{uuid}/quotas",
    query: noQuery,
    body: noBody,
    dataKey: "quotas",
    item: m.quotasItem,
    retry: "idempotent",
  }),
  getHealthz: route({
    method: "GET",
    path: "/v1/healthz",
    query: noQuery,
    body: noBody,
    dataKey: undefined,
    item: m.healthzData,
    retry: "idempotent",
  }),

  getMetros: route({
    server: "control-plane",
    method: "GET",
    path: "/v1/metros",
    query: noQuery,
    body: noBody,
    dataKey: "metros",
    item: m.metroItem,
    retry: "idempotent",
  }),
  getRegistryImages: route({
    server: "control-plane",
    method: "GET",
    // The local platform serves metro and control plane at one address, where this path is the metro's listing.
    path: "/v1/images",
    query: z.strictObject({ details: z.stringbool().optional(), namespace: stringList.optional() }),
    body: noBody,
    dataKey: "images",
    item: m.registryImageItem,
    retry: "idempotent",
  }),
  getAuthorization: route({
    server: "control-plane",
    method: "GET",
    path: "/v1/auth",
    query: noQuery,
    body: noBody,
    dataKey: undefined,
    item: m.authorizationData,
    retry: "idempotent",
  }),
} as const;
