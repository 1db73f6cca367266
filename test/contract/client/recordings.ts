/**
 * Checks recorded responses against the vendor's OpenAPI documents. A recording may omit fields that its scenario does not read, but
 * its fields must have the names and types of the documents. Pure.
 */
import { refResolver, schemaViolations } from "../../support/jsonSchema";
import { type Document, responseSchemaOf, documents } from "../../support/openapi";
import type { RecordedExchange } from "./scenario";

const FLAT = "flat policies, as every source but the SDK's types writes them";

/** Prefixes of accepted differences, each with the reason why the recording is correct. */
export const KNOWN_DIFFERENCES: Readonly<Record<string, string>> = {
  "GET /v1/instances/metrics .data.instances[].state: unknown": "the platform's documentation has it",
  "GET /v1/instances/metrics .data.instances[].start_count: unknown": "the platform's documentation has it",
  "GET /v1/services/autoscale .data.service_groups[].status: not in the enumeration":
    "`unconfigured`: the platform's documentation has it, and describes it as no failure",
  "GET /v1/services/{uuid}/autoscale/policies .data.policies[]": FLAT,
  "GET /v1/services/{uuid}/autoscale/policies/{name} .data.policies[]": FLAT,
  "PUT /v1/instances/request: no such operation": "an extension, which metros announce as the feature member-requests",
  "PUT /v1/volumes/import: no such operation": "an extension, which metros announce as the feature volume-files",
  "PUT /v1/volumes/export: no such operation": "an extension, which metros announce as the feature volume-files",
  "PATCH /v1/certificates: no such operation": "how older nodes have PUT /v1/certificates",
};

/** The path template of the document for this method. A literal segment wins over a parameter. */
function pathTemplateIn({ paths }: Document, method: string, path: string): string | undefined {
  const matches = (template: string): boolean => new RegExp(`^${template.replace(/\{\w+\}/g, "[^/]+")}$`).test(path);
  const template = path in paths ? path : Object.keys(paths).find(matches);
  return template !== undefined && method.toLowerCase() in (paths[template] ?? {}) ? template : undefined;
}

/** Differences of a recorded HTTP 200 response from the documents, one line each, such as `GET /v1/volumes .data.volumes[].color: unknown`. */
export function differencesOf({ method, path, status = 200, response }: RecordedExchange): readonly string[] {
  if (status !== 200) return [];
  const [at = ""] = path.split("?");
  // Metro and control plane share some paths; the document that the response matches best applies.
  const differences = Object.values(documents).flatMap((document) => {
    const template = pathTemplateIn(document, method, at);
    const operation = template === undefined ? undefined : document.paths[template]?.[method.toLowerCase()];
    if (template === undefined || operation === undefined) return [];
    const violations = schemaViolations(
      responseSchemaOf(operation),
      response,
      refResolver(document.components.schemas),
    );
    return [violations.filter((one) => !one.endsWith(": missing")).map((one) => `${method} ${template} ${one}`)];
  });
  const [best] = differences.sort((a, b) => a.length - b.length);
  return best ?? [`${method} ${at}: no such operation`];
}
