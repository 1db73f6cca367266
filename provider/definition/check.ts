/**
 * Raw inputs → inputs with defaults, or failures with property paths.
 *
 * The walk follows the zod schema itself, so that defaults are filled and rules applied on every known part of a value
 * while unknown parts pass: an input that is accepted when known is never refused because part of it is unknown.
 */
import * as z from "zod";
import { closestMatch } from "../base/spelling";
import { type CheckFailure, type Definition, type Properties, innerSchema, metaOf } from "./resource";
import { describeIssue } from "./issueMessage";
import { type PathPart, formatPath } from "./propertyPath";
import { containsUnknown, isUnknown } from "./unknowns";

/** Outcome of a check. `inputs` are meaningful only without failures. */
export interface CheckResult {
  readonly inputs: Properties;
  readonly failures: readonly CheckFailure[];
}

/** Where the walk is, and what it found. */
interface WalkState {
  readonly path: readonly PathPart[];
  /** Inside a secret field: values must not be quoted. */
  readonly secret: boolean;
  readonly failures: CheckFailure[];
}

const descend = (walk: WalkState, part: PathPart, schema: z.ZodType): WalkState => ({
  ...walk,
  path: [...walk.path, part],
  secret: walk.secret || metaOf(schema)?.secret === true,
});

const addFailure = (walk: WalkState, reason: string): void => {
  walk.failures.push({ property: formatPath(walk.path), reason });
};

function checkObject(schema: z.ZodObject, value: unknown, walk: WalkState): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return checkLeaf(schema, value, walk);
  const given = value as Properties;
  const shape = schema.shape as Readonly<Record<string, z.ZodType>>;
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(shape)) {
    const checked = checkValue(inner, given[key], descend(walk, key, inner));
    if (checked !== undefined) result[key] = checked;
  }
  const knownKeys = Object.entries(shape).flatMap(([key, inner]) => (metaOf(inner)?.computed === true ? [] : [key]));
  for (const key of Object.keys(given).filter((k) => !(k in shape) && given[k] !== undefined)) {
    const suggestion = closestMatch(key, knownKeys);
    addFailure(
      { ...walk, path: [...walk.path, key] },
      suggestion === undefined
        ? `unknown property. Known are ${knownKeys.join(", ")}.`
        : `unknown property; did you mean '${suggestion}'?`,
    );
  }
  return result;
}

function checkLeaf(schema: z.ZodType, value: unknown, walk: WalkState): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  // A value of another type has no length that could be wrong as well.
  const mistyped = issues.find(({ code, path }) => code === "invalid_type" && path.length === 0);
  for (const issue of mistyped === undefined ? issues : [mistyped]) {
    const path = [...walk.path, ...issue.path.map((part) => (typeof part === "symbol" ? String(part) : part))];
    addFailure({ ...walk, path }, describeIssue(issue, value, walk.secret));
  }
  return value;
}

function checkValue(schema: z.ZodType, value: unknown, walk: WalkState): unknown {
  if (isUnknown(value)) return value;
  const inner = innerSchema(schema);
  if (inner !== undefined) {
    // Pulumi sends null for what a program left undefined inside nested values.
    if (value !== undefined && value !== null) return checkValue(inner, value, walk);
    return schema instanceof z.ZodDefault ? checkValue(inner, schema.def.defaultValue, walk) : undefined;
  }
  // What is no list and no object can only be parsed as a whole.
  if (value === null || typeof value !== "object") return checkLeaf(schema, value, walk);
  if (schema instanceof z.ZodObject) return checkObject(schema, value, walk);
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    const element = schema.element as z.ZodType;
    for (const issue of arrayLevelIssues(schema, value)) addFailure(walk, describeIssue(issue, value, walk.secret));
    return value.map((item, index) => checkValue(element, item, descend(walk, index, element)));
  }
  if (schema instanceof z.ZodRecord && !Array.isArray(value)) {
    const element = schema.valueType as z.ZodType;
    const keySchema = schema.keyType as unknown as z.ZodType;
    for (const key of Object.keys(value)) checkLeaf(keySchema, key, { ...walk, path: [...walk.path, key] });
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, checkValue(element, item, descend(walk, key, element))]),
    );
  }
  return containsUnknown(value) ? value : checkLeaf(schema, value, walk);
}

/** What concerns a list as a whole, which is its length; its items are walked one by one. */
function arrayLevelIssues(schema: z.ZodArray, value: readonly unknown[]): readonly z.core.$ZodIssue[] {
  if ((schema.def.checks ?? []).length === 0) return [];
  return schema.safeParse(value).error?.issues.filter((issue) => issue.path.length === 0) ?? [];
}

/** What a rule reads; unknown where something above it is. */
const valueAtPath = (inputs: Properties, place: string): unknown =>
  place
    .split(".")
    .reduce<unknown>((value, key) => (isUnknown(value) ? value : (value as Properties | undefined)?.[key]), inputs);

/**
 * Validates and fills defaults. Never throws on bad input; collects every failure.
 *
 * @param olds the inputs in state, `{}` for a new resource; rules about changes read them
 */
export async function check(definition: Definition, olds: Properties, raw: Properties): Promise<CheckResult> {
  const failures: CheckFailure[] = [];
  const inputs = checkObject(definition.inputs, raw, { path: [], secret: false, failures }) as Properties;
  if (failures.length > 0) return { inputs, failures };

  for (const rule of definition.rules ?? []) {
    if (rule.reads.some((place) => containsUnknown(valueAtPath(inputs, place)))) continue;
    // The fields a rule reads were parsed above; fields it does not read may be unknown, and it promised not to look.
    failures.push(...rule.test(inputs as never, olds));
  }
  if (failures.length > 0 || definition.computeInputs === undefined) return { inputs, failures };
  return definition.computeInputs(inputs);
}
