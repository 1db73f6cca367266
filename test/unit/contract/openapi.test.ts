/**
 * Compares our route table and wire models with the OpenAPI documents in `test/fixtures/openapi`, which were derived from the
 * vendor's own SDK: we accept every documented response, our requests are valid, and nothing is omitted without a reason.
 */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import * as z from "zod";
import { envelope } from "../../../provider/contract/models";
import { type Route, routes } from "../../../provider/contract/routes";
import { expandBodies } from "../../../provider/platform/http/parse/bodyArguments";
import {
  type JsonSchema,
  type ResolveRef,
  arbitraryOf,
  propertiesOf,
  refResolver,
  schemaViolations,
} from "../../support/jsonSchema";
import { UNSUPPORTED_OPERATIONS, type Operation, responseSchemaOf, documents } from "../../support/openapi";
import { DIFFERENCES } from "./openapiDifferences";
import { pathIn, rejectionsOf } from "./openapiRejections";

const REASONS = new Map(Object.values(DIFFERENCES).flatMap((list) => list.map((one) => [one, true] as const)));
/** Merges differences of `create_args`, where our model accepts any key and the document only those of an instance's response. */
const mergeKeys = (difference: string): string =>
  difference.replace(/^(createInstance \.template\.create_args)\..*(: unknown)$/s, "$1{}$2");
const seenDifferences = new Set<string>();
/** Differences without a reason. */
function unexplained(differences: readonly string[]): readonly string[] {
  const all = [...new Set(differences.map(mergeKeys))];
  for (const one of all) seenDifferences.add(one);
  return all.filter((one) => !REASONS.has(one)).sort();
}

const all = Object.entries(routes) as [string, Route][];
const find = ({ server }: Route, method: string, at: string): Operation | undefined =>
  documents[server].paths[at]?.[method.toLowerCase()];
const jsonSchemaOf = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
const ours: ResolveRef = (schema) => schema;

/** Paths of the document's schema that ours does not have. */
function missingIn(own: JsonSchema, documented: JsonSchema, resolve: ResolveRef, at = ""): readonly string[] {
  const resolved = resolve(documented);
  if (resolved.type === "array") {
    const array = own.items ?? (own.anyOf ?? []).find((one) => one.items !== undefined)?.items;
    return array === undefined ? [`${at}[]`] : missingIn(array, resolved.items ?? {}, resolve, `${at}[]`);
  }
  const ownProperties = propertiesOf(own);
  return Object.entries(propertiesOf(resolved, resolve)).flatMap(([key, schema]) => {
    const property = ownProperties[key];
    return property === undefined ? [`${at}.${key}`] : missingIn(property, schema, resolve, `${at}.${key}`);
  });
}

/** The uuid in a single-object path. */
const UUID = "1b4e28ba-2fa1-4d3b-883f-0016d3cca427";

/** An operation in both variants: for many objects, and for the one in its path. */
const variantsOf = (name: string, route: Route): readonly (readonly [name: string, route: Route, at: string])[] => [
  [name, route, route.path],
  ...(route.singleObjectPath === undefined ? [] : [[`${name} of one`, route, route.singleObjectPath] as const]),
];

/** An item as the body of the single-object variant: without its selector, unless that body repeats the uuid of the path. */
const asBodyOfOne = (item: object, body: JsonSchema, resolve: ResolveRef): object => ({
  ...Object.fromEntries(Object.entries(item).filter(([key]) => key !== "uuid" && key !== "name")),
  ...("uuid" in propertiesOf(body, resolve) ? { uuid: UUID } : {}),
});

describe("the vendor's OpenAPI documents", () => {
  it("have no operation that we omit without a reason, and every operation of ours", () => {
    const supported = new Set(
      all.flatMap(([, route]) => [
        `${route.method} ${route.path}`,
        ...(route.singleObjectPath === undefined ? [] : [`${route.method} ${route.singleObjectPath}`]),
      ]),
    );
    const documented = Object.values(documents).flatMap((document) =>
      Object.entries(document.paths).flatMap(([at, operations]) =>
        Object.keys(operations).map((method) => `${method.toUpperCase()} ${at}`),
      ),
    );
    const without = (list: readonly string[], other: ReadonlySet<string>) =>
      list.filter((one) => !other.has(one)).sort();
    // GET /v1/images is an operation of both servers; image pinning exists on the metro only.
    assert.deepEqual(without([...new Set(documented)], supported), Object.keys(UNSUPPORTED_OPERATIONS).sort());
    assert.deepEqual(without([...supported], new Set(documented)), [
      // Extensions of the local platform.
      "PUT /v1/instances/request",
      "PUT /v1/instances/{uuid}/request",
      "PUT /v1/volumes/export",
      "PUT /v1/volumes/import",
    ]);
  });

  for (const [name, route, at] of all.flatMap(([name, route]) => variantsOf(name, route))) {
    const isOne = at === route.singleObjectPath;
    const operation = find(route, route.method, at);
    if (operation === undefined) continue;
    const resolve = refResolver(documents[route.server].components.schemas);

    it(`describe responses that our model accepts: ${name}`, () => {
      fc.assert(
        fc.property(arbitraryOf(responseSchemaOf(operation), resolve), (response) => {
          const { data } = envelope.parse(response);
          const items = route.dataKey === undefined ? [data ?? {}] : data?.[route.dataKey];
          if (route.dataKey === undefined && data == null) return;
          for (const item of (items ?? []) as unknown[]) route.item.parse(item);
        }),
        { numRuns: 200 },
      );
    });

    it(`have no response field that our model omits: ${name}`, () => {
      const data = propertiesOf(propertiesOf(responseSchemaOf(operation), resolve)["data"] ?? {}, resolve);
      const documented =
        route.dataKey === undefined
          ? propertiesOf(responseSchemaOf(operation), resolve)["data"]
          : resolve(data[route.dataKey] ?? {}).items;
      const item = z.toJSONSchema(route.item, { io: "output", unrepresentable: "any" }) as JsonSchema;
      assert.deepEqual(missingIn(item, documented ?? {}, resolve), []);
    });

    const body = operation.requestBody?.content["application/json"].schema;
    if (body !== undefined) {
      it(`describe requests that our model accepts: ${name}`, () => {
        const rejections: string[] = [];
        // `expandBodies` turns a single-object body into a list.
        const pathOf = (path: readonly PropertyKey[]) => pathIn(body, isOne ? path.slice(1) : path, resolve);
        fc.assert(
          fc.property(arbitraryOf(body, resolve), (request) => {
            const [whole] = isOne
              ? expandBodies(route.body, asBodyOfOne(request as object, body, resolve), [{ uuid: UUID }], [])
              : [request];
            const { error } = route.body.safeParse(whole);
            const issues = (error?.issues ?? []).flatMap((issue) => rejectionsOf(whole, issue, pathOf));
            rejections.push(...issues.map((one) => `${name} ${one}`));
          }),
          { numRuns: 4000, seed: 1 },
        );
        assert.deepEqual(unexplained(rejections), []);
      });

      it(`accept every request that our model accepts: ${name}`, () => {
        const violations: string[] = [];
        fc.assert(
          fc.property(arbitraryOf(jsonSchemaOf(route.body), ours), (request) => {
            fc.pre(route.body.safeParse(request).success);
            for (const sent of isOne
              ? (request as object[]).map((item) => asBodyOfOne(item, body, resolve))
              : [request])
              for (const one of schemaViolations(body, sent, resolve)) violations.push(`${name} ${one}`);
          }),
          { numRuns: 500, seed: 1 },
        );
        assert.deepEqual(unexplained(violations), []);
      });

      it(`have no request field that our model omits: ${name}`, () => {
        const model = jsonSchemaOf(route.body);
        const missing = missingIn(isOne ? (model.items ?? {}) : model, body, resolve);
        assert.deepEqual(unexplained(missing.map((one) => `${name} ${one}`)), []);
      });
    }

    it(`have no query parameter that our model omits: ${name}`, () => {
      const known = Object.keys(propertiesOf(jsonSchemaOf(route.query)));
      const documented = (operation.parameters ?? []).filter((one) => one.in === "query").map((one) => one.name);
      assert.deepEqual(
        documented.filter((one) => !known.includes(one)),
        [],
      );
      // The variant for a single object has no parameters that select among many.
      if (isOne) return;
      assert.deepEqual(
        known.filter((one) => !documented.includes(one)),
        [],
      );
    });
  }

  it("use every listed difference", () => {
    assert.deepEqual(
      [...REASONS.keys()].filter((one) => !seenDifferences.has(one)),
      [],
    );
  });
});
