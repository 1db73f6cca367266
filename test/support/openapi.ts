/**
 * The vendor's OpenAPI documents in `test/fixtures/openapi`, derived from the vendor's own SDK, and the parts of the API that
 * the library omits.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { JsonSchema } from "./jsonSchema";

/** One operation of a document. */
export interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: { readonly "200": { readonly content: Content } };
}
type Content = { readonly "application/json": { readonly schema: JsonSchema } };

/** A document, as far as it is read here. */
export interface Document {
  /** Operations by path and lower-case method. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

const load = (file: string): Document =>
  JSON.parse(fs.readFileSync(path.join(__dirname, "../fixtures/openapi", file), "utf8")) as Document;

/** Documents by the server that a route names. */
export const documents = { metro: load("platform.json"), "control-plane": load("controlplane.json") } as const;

/** Schema of an operation's HTTP 200 response. */
export const responseSchemaOf = (operation: Operation): JsonSchema =>
  operation.responses["200"].content["application/json"].schema;

const NODES = "an organisation's own machines: a layer below the resources of this library";
const SIGN_IN = "signs a person in through a browser; a token is a setting here";

/** Operations of the documents that the library does not offer, each with the reason. */
export const UNSUPPORTED_OPERATIONS: Readonly<Record<string, string>> = {
  "POST /v1/auth/check": SIGN_IN,
  "POST /v1/auth/signin": SIGN_IN,
  "DELETE /v1/nodes": NODES,
  "GET /v1/nodes": NODES,
  "POST /v1/nodes": NODES,
  "PATCH /v1/nodes": NODES,
  "POST /v1/nodes/activate": NODES,
  "POST /v1/nodes/deactivate": NODES,
  "GET /v1/nodes/providers/{cloudprovider}/regions": NODES,
  "GET /v1/nodes/providers/{cloudprovider}/types": NODES,
  "GET /v1/nodes/wait": NODES,
  "DELETE /v1/nodes/{uuid}": NODES,
  "GET /v1/nodes/{uuid}": NODES,
  "PATCH /v1/nodes/{uuid}": NODES,
  "GET /v1/nodes/{uuid}/wait": NODES,
};

/** Operations of the platform's documentation that neither the documents nor the library have, each with the reason. */
export const DOCUMENTATION_ONLY_OPERATIONS: Readonly<Record<string, string>> = {
  "any method of /v1/instances/{uuid}/plugins/{plugin}/{path}":
    "passed on to a plugin in the guest, whose own API it is; a program asks it over its service",
  "POST /v1/users": "creates an account: for operators of a metro",
  "GET /v1/audit": "a stream of events without end, of an enterprise's metro; a program has no use for it",
};
