/** `/v1/certificates`. */
import * as m from "../models";
import { none, noQuery, route, selectors, some } from "./route";

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
    one: "/v1/certificates/{uuid}",
    query: selectors,
    body: none,
    dataKey,
    item: m.certificateItem,
    retry: "idempotent",
  }),
  updateCertificates: route({
    method: "PUT",
    path: "/v1/certificates",
    one: "/v1/certificates/{uuid}",
    older: [{ method: "PATCH", path: "/v1/certificates" }],
    query: noQuery,
    body: some(m.updateCertificateRequest),
    dataKey,
    item: m.certificateItem,
    retry: "idempotent",
  }),
  deleteCertificates: route({
    method: "DELETE",
    path: "/v1/certificates",
    one: "/v1/certificates/{uuid}",
    query: noQuery,
    body: some(m.nameOrUuid),
    dataKey,
    item: m.idItem,
    retry: "idempotent",
  }),
} as const;
