/**
 * Our route table and wire models against the OpenAPI documents in `test/fixtures/openapi`, which were derived from the vendor's
 * own SDK: what a server may answer is understood, what we may send is allowed, and nothing is left out without a reason.
 */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import * as z from "zod";
import { envelope } from "../../../provider/api/models";
import { type Route, routes } from "../../../provider/api/routes";
import { type JsonSchema, arbitraryOf, resolveIn, violations } from "../../support/jsonSchema";
import { OPERATIONS_LEFT_OUT, type Operation, answerOf, documents } from "../../support/openapi";

/** Where what we may send and what the documents have differ, each with its source. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  "createInstance .template.create_args":
    "typed as what is read of an instance, which cannot be meant: it is a request to create one",
  "createInstance .network_interfaces[].mac": "the newest documentation has it",
  "createInstance .schedules[].action: not in the enumeration": "`checkpoint`: the newest documentation has it",
  "createInstance .schedules[].next_at": "computed by the server: it is in answers only",
  "createAutoscale [].template: unknown": "the newest documentation has it at this place",
  "createAutoscale [].create_args: missing": "the newest documentation writes `template` instead",
  "createAutoscale [].policies[].type: unknown": "flat policies, as every source but the SDK's types writes them",
  "createAutoscale [].policies[].high_watermark: unknown": "flat policies",
  "createAutoscale [].policies[].exclusive: unknown": "flat policies",
  "createAutoscale [].policies[].num_requests: unknown": "flat policies",
  "createAutoscale [].policies[].replace: unknown": "flat policies",
  "createAutoscale [].policies[].idle_time_ms: unknown": "flat policies",
  "createAutoscale [].policies[].metric: not in the enumeration": "the newest documentation has more metrics",
  "createAutoscale [].policies[].adjustment_type: not in the enumeration":
    "`percent` of the documentation is `percentage` in the SDK",
  createPolicy:
    "flat policies, as every source but the SDK's types writes them; the nested form is for servers to read",
};

const met = new Set<string>();
function hasReason(difference: string): boolean {
  const known = Object.keys(DIFFERENCES).filter((one) => difference.startsWith(one));
  known.forEach((one) => met.add(one));
  return known.length > 0;
}

const all = Object.entries(routes) as [string, Route][];
const find = ({ server }: Route, method: string, at: string): Operation | undefined =>
  documents[server].paths[at]?.[method.toLowerCase()];
const jsonSchemaOf = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
const ours = (schema: JsonSchema): JsonSchema => schema;

/** A schema with the branches of its unions as one object: every property that any of them has. */
function propertiesOf(schema: JsonSchema, resolve = ours): Readonly<Record<string, JsonSchema>> {
  const found = resolve(schema);
  const branches = found.oneOf ?? found.anyOf ?? [];
  return { ...found.properties, ...Object.assign({}, ...branches.map((one) => propertiesOf(one, resolve))) };
}

/** Paths of theirs that ours does not have. */
function missingIn(
  mine: JsonSchema,
  theirs: JsonSchema,
  resolve: (s: JsonSchema) => JsonSchema,
  at = "",
): readonly string[] {
  const their = resolve(theirs);
  if (their.type === "array") {
    const array = mine.items ?? (mine.anyOf ?? []).find((one) => one.items !== undefined)?.items;
    return array === undefined ? [`${at}[]`] : missingIn(array, their.items ?? {}, resolve, `${at}[]`);
  }
  const [known, wanted] = [propertiesOf(mine), propertiesOf(their, resolve)];
  return Object.entries(wanted).flatMap(([key, schema]) => {
    const own = known[key];
    return own === undefined ? [`${at}.${key}`] : missingIn(own, schema, resolve, `${at}.${key}`);
  });
}

describe("the API's own description", () => {
  it("has no operation that we leave out without a reason, and none of ours is unknown to it", () => {
    const offered = new Set(
      all.flatMap(([, route]) => [
        `${route.method} ${route.path}`,
        ...(route.one === undefined ? [] : [`${route.method} ${route.one}`]),
      ]),
    );
    const described = Object.values(documents).flatMap((document) =>
      Object.entries(document.paths).flatMap(([at, operations]) =>
        Object.keys(operations).map((method) => `${method.toUpperCase()} ${at}`),
      ),
    );
    const without = (list: readonly string[], other: ReadonlySet<string>) =>
      list.filter((one) => !other.has(one)).sort();
    // GET /v1/images is an operation of both servers, and pinning one of the metro's only.
    assert.deepEqual(without([...new Set(described)], offered), Object.keys(OPERATIONS_LEFT_OUT).sort());
    assert.deepEqual(without([...offered], new Set(described)), []);
  });

  for (const [name, route] of all) {
    const operation = find(route, route.method, route.path);
    if (operation === undefined) continue;
    const resolve = resolveIn(documents[route.server].components.schemas);

    it(`${name}: every answer that fits it is understood`, () => {
      fc.assert(
        fc.property(arbitraryOf(answerOf(operation), resolve), (answer) => {
          const { data } = envelope.parse(answer);
          const items = route.dataKey === undefined ? [data ?? {}] : data?.[route.dataKey];
          if (route.dataKey === undefined && data == null) return;
          for (const item of (items ?? []) as unknown[]) route.item.parse(item);
        }),
        { numRuns: 200 },
      );
    });

    it(`${name}: no field of its answer is left out`, () => {
      const data = propertiesOf(propertiesOf(answerOf(operation), resolve)["data"] ?? {}, resolve);
      const theirs =
        route.dataKey === undefined
          ? propertiesOf(answerOf(operation), resolve)["data"]
          : resolve(data[route.dataKey] ?? {}).items;
      const item = z.toJSONSchema(route.item, { io: "output", unrepresentable: "any" }) as JsonSchema;
      assert.deepEqual(missingIn(item, theirs ?? {}, resolve), []);
    });

    const body = operation.requestBody?.content["application/json"].schema;
    if (body !== undefined) {
      it(`${name}: every request that our model lets through fits it`, () => {
        const beyond = new Set<string>();
        fc.assert(
          fc.property(arbitraryOf(jsonSchemaOf(route.body), ours), (request) => {
            fc.pre(route.body.safeParse(request).success);
            for (const one of violations(body, request, resolve)) beyond.add(`${name} ${one}`);
          }),
          { numRuns: 500, seed: 1 },
        );
        assert.deepEqual(
          [...beyond].filter((one) => !hasReason(one)),
          [],
        );
      });

      it(`${name}: no field of its request is left out`, () => {
        const missing = missingIn(jsonSchemaOf(route.body), body, resolve).map((one) => `${name} ${one}`);
        assert.deepEqual(
          missing.filter((one) => !hasReason(one)),
          [],
        );
      });
    }

    it(`${name}: no parameter of its query is left out`, () => {
      const known = Object.keys(propertiesOf(jsonSchemaOf(route.query)));
      const described = (operation.parameters ?? []).filter((one) => one.in === "query").map((one) => one.name);
      assert.deepEqual(
        described.filter((one) => !known.includes(one)),
        [],
      );
      assert.deepEqual(
        known.filter((one) => !described.includes(one)),
        [],
      );
    });
  }

  it("gives no reason for a difference that there is not", () => {
    assert.deepEqual(
      Object.keys(DIFFERENCES).filter((one) => !met.has(one)),
      [],
    );
  });
});
