/** Which inputs the arbitrary programs of the other tests have, and which of them change. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import * as z from "zod";
import { check } from "../../provider/definition/check";
import { type Properties, innerSchema, metaOf } from "../../provider/definition/resource";
import { diff } from "../../provider/definition/diff";
import { resourceOf } from "../../provider/resources/all";
import { KINDS, type ProgramKind, anyProgram } from "../support/anyProgram";

/** A fixed seed, so that rare programs are not missed by chance. */
const SAMPLE = { numRuns: 4000, seed: 1 };

/** Inputs that no program changes in place, and why. */
const NEVER_CHANGED: Readonly<Record<string, string>> = Object.fromEntries(
  ["args", "cloneFrom", "contentFrom", "gid", "hostPath", "template", "uid"].map((property) => [
    `Volume.${property}`,
    "requires a new volume: rejected, or a replacement",
  ]),
);

/** Inputs that no program has, and why. */
const NEVER_SET: Readonly<Record<string, string>> = {
  "Volume.contentFrom": "is a folder of the host, for the metro local only",
};

/** Every input, such as `template.volumes.at` of a Service. */
function pathsOf(schema: z.ZodType, at: string): readonly string[] {
  const inner = innerSchema(schema);
  if (inner !== undefined) return pathsOf(inner, at);
  if (schema instanceof z.ZodArray) return pathsOf(schema.element as z.ZodType, at);
  if (!(schema instanceof z.ZodObject)) return [at];
  return [at, ...Object.entries(schema.shape).flatMap(([key, one]) => pathsOf(one as z.ZodType, `${at}.${key}`))];
}

/** The inputs in a value. */
function pathsIn(value: unknown, at: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => pathsIn(item, at));
  if (value === null || typeof value !== "object") return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, `${at}.${key}`))];
}

/** The inputs that are updated in place. */
const changeable = (kind: ProgramKind): readonly string[] =>
  Object.entries(resourceOf(kind).inputs.shape)
    .filter(([, schema]) => !["replace", "ignore"].includes(String(metaOf(schema as z.ZodType)?.onChange)))
    .map(([property]) => `${kind}.${property}`);

describe("the random programs", function () {
  this.timeout(120_000);
  const setPaths = new Set<string>();
  const changedInputs = new Set<string>();

  before(async () => {
    for (const { resources } of fc.sample(anyProgram, SAMPLE)) {
      for (const { kind, before: first, after } of resources) {
        const resource = resourceOf(kind);
        const created = await check(resource, {}, first);
        if (created.failures.length > 0) continue;
        pathsIn(first, kind).forEach((path) => setPaths.add(path));
        const later = await check(resource, created.inputs, after);
        if (later.failures.length > 0) continue;
        pathsIn(after, kind).forEach((path) => setPaths.add(path));
        const changes = diff(resource, created.inputs, later.inputs as Properties);
        if (changes.some(({ replace }) => replace)) continue;
        changes.forEach(({ property }) => changedInputs.add(`${kind}.${property}`));
      }
    }
  });

  it("contain every input of every kind", () => {
    const all = KINDS.flatMap((kind) => pathsOf(resourceOf(kind).inputs, kind));
    assert.deepEqual(
      all.filter((path) => !setPaths.has(path)),
      Object.keys(NEVER_SET),
    );
  });

  it("change every updatable input in place, except for the listed reasons", () => {
    const missing = KINDS.flatMap(changeable).filter((property) => !changedInputs.has(property));
    assert.deepEqual(missing.sort(), Object.keys(NEVER_CHANGED).sort());
  });
});
