/** `/v1/certificates`. */
import * as m from "../models";
import { noBody, noQuery, route, listQuery, nonEmptyArray } from "./route";

const dataKey = "certificates";

/** Operations on certificates. */
export const certificateRoutes = {
  createCertificate: route({
    method: "POST",
    path: "/v1/certificates",
    query: noQuery,
    body: m.createCertificateRequest,
    dataKey,
    item: m.certificateItem,
    retry: "look-first",
  }),
  getCertificates: route({
    method: "GET",
    path: "/v1/certificates",
    singleObjectPath: "/v1/certificates/{uuid}",
    query: listQuery,
    body: noBody,
    dataKey,
    item: m.certificateItem,
    retry: "idempotent",
  }),
  updateCertificates: route({
    method: "PUT",
    path: "/v1/certificates",
    singleObjectPath: "/v1/certificates/{uuid}",
    olderEndpoints: [{ method: "PATCH", path: "/v1/certificates" }],
    query: noQuery,
    body: nonEmptyArray(m.updateCertificateRequest),
    dataKey,
    item: m.certificateItem,
    retry: "idempotent",
  }),
  deleteCertificates: route({
    method: "DELETE",
    path: "/v1/certificates",
    singleObjectPath: "/v1/certificates/{uuid}",
    query: noQuery,
    body: nonEmptyArray(m.nameOrUuid),
    dataKey,
    item: m.idItem,
    retry: "idempotent",
  }),
} as const;
