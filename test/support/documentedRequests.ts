/** Checks requests against the vendor's OpenAPI documents. Pure. */
import type { ReceivedRequest } from "./fakeApi";
import { refResolver, schemaViolations } from "./jsonSchema";
import { documents } from "./openapi";

/** What a request has that the document of a metro does not: its path, a parameter, or a part of its body. */
export function requestViolations({ method, url, body }: ReceivedRequest): readonly string[] {
  const { paths, components } = documents.metro;
  const { pathname, searchParams } = new URL(url, "http://metro");
  const name = `${method} ${pathname}`;
  const operation = paths[pathname]?.[method.toLowerCase()];
  if (operation === undefined) return [`${name}: no such operation`];
  const known = (operation.parameters ?? []).filter((one) => one.in === "query").map((one) => one.name);
  const unknown = [...new Set(searchParams.keys())].filter((key) => !known.includes(key));
  const schema = operation.requestBody?.content["application/json"].schema;
  const inBody =
    body === undefined
      ? []
      : schema === undefined
        ? [": no body"]
        : schemaViolations(schema, body, refResolver(components.schemas));
  return [...unknown.map((key) => `${name} ?${key}: unknown`), ...inBody.map((one) => `${name} ${one}`)];
}
