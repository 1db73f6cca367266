/**
 * Raw inputs → inputs with defaults, or failures with property paths.
 *
 * The walk follows the zod schema itself, so that defaults are filled and rules applied on every known part of a value
 * while unknown parts pass: an input that is accepted when known is never refused because part of it is unknown.
 */
import * as z from "zod";
import { closestMatch } from "../base/spelling";
import { type CheckFailure, type Definition, type Properties, innerSchema, metaOf } from "./resource";
import { fieldsIn } from "./fields";
import { describeIssue } from "./issueMessage";
import { type PathPart, formatPath } from "./propertyPath";
import { containsUnknown, isUnknown } from "./unknowns";

/** Outcome of a check. `inputs` are meaningful only without failures. */
export interface CheckResult {
  readonly inputs: Properties;
  readonly failures: readonly CheckFailure[];
}

/** A place in the inputs, its last part first: few places are ever printed. */
interface Place {
  readonly above: Place | undefined;
  readonly part: PathPart;
}

/** Where the walk is, and what it found. */
interface WalkState {
  readonly place: Place | undefined;
  /** Inside a secret field: values must not be quoted. */
  readonly secret: boolean;
  readonly failures: CheckFailure[];
}

/** Checks one value and returns it with its defaults. */
type Checker = (value: unknown, walk: WalkState) => unknown;

const descend = ({ place, secret, failures }: WalkState, part: PathPart, isSecret: boolean): WalkState => ({
  place: { above: place, part },
  secret: secret || isSecret,
  failures,
});

function addFailure({ place, failures }: WalkState, reason: string, within: readonly PathPart[] = []): void {
  const path = [...within];
  for (let at = place; at !== undefined; at = at.above) path.unshift(at.part);
  failures.push({ property: formatPath(path), reason });
}

const checkers = new WeakMap<z.ZodType, Checker>();

/** The checker of a schema, made once: what a schema is made of does not change from value to value. */
function checkerOf(schema: z.ZodType): Checker {
  const made = checkers.get(schema) ?? makeChecker(schema);
  checkers.set(schema, made);
  return made;
}

function makeChecker(schema: z.ZodType): Checker {
  const inner = innerSchema(schema);
  const known = inner === undefined ? checkerOfBare(schema) : checkerOfWrapper(schema, checkerOf(inner));
  return (value, walk) => (isUnknown(value) ? value : known(value, walk));
}

/** Pulumi sends null for what a program left undefined inside nested values. */
const checkerOfWrapper = (schema: z.ZodType, checkInner: Checker): Checker =>
  schema instanceof z.ZodDefault
    ? (value, walk) => checkInner(value ?? schema.def.defaultValue, walk)
    : (value, walk) => (value === undefined || value === null ? undefined : checkInner(value, walk));

function checkerOfBare(schema: z.ZodType): Checker {
  const checkWhole: Checker = (value, walk) => checkLeaf(schema, value, walk);
  const checkParts = checkerOfParts(schema);
  // What is no list and no object can only be parsed as a whole.
  return (value, walk) =>
    value === null || typeof value !== "object" ? checkWhole(value, walk) : checkParts(value, walk);
}

function checkerOfParts(schema: z.ZodType): (value: object, walk: WalkState) => unknown {
  const checkWhole = (value: object, walk: WalkState) => checkLeaf(schema, value, walk);
  const checkOther = (value: object, walk: WalkState) => (containsUnknown(value) ? value : checkWhole(value, walk));
  if (schema instanceof z.ZodObject) {
    const checkObject = checkerOfObject(schema);
    return (value, walk) => (Array.isArray(value) ? checkWhole : checkObject)(value, walk);
  }
  if (schema instanceof z.ZodArray) {
    const checkArray = checkerOfArray(schema);
    return (value, walk) => (Array.isArray(value) ? checkArray(value, walk) : checkOther(value, walk));
  }
  if (schema instanceof z.ZodRecord) {
    const checkRecord = checkerOfRecord(schema);
    return (value, walk) => (Array.isArray(value) ? checkOther : checkRecord)(value, walk);
  }
  return checkOther;
}

function checkerOfObject(schema: z.ZodObject): (value: object, walk: WalkState) => unknown {
  const fields = fieldsIn(schema).map(({ name, schema: inner, meta }) => ({
    name,
    check: checkerOf(inner),
    isSecret: meta?.secret === true,
  }));
  return (value, walk) => {
    const given = value as Properties;
    const result: Record<string, unknown> = {};
    for (const { name, check: checkField, isSecret } of fields) {
      const checked = checkField(given[name], descend(walk, name, isSecret));
      if (checked !== undefined) result[name] = checked;
    }
    for (const key of Object.keys(given)) {
      if (!Object.hasOwn(schema.shape, key) && given[key] !== undefined) addUnknownKey(schema, key, walk);
    }
    return result;
  };
}

function addUnknownKey(schema: z.ZodObject, key: string, walk: WalkState): void {
  const knownKeys = fieldsIn(schema).flatMap(({ name, meta }) => (meta?.computed === true ? [] : [name]));
  const suggestion = closestMatch(key, knownKeys);
  addFailure(
    walk,
    suggestion === undefined
      ? `unknown property. Known are ${knownKeys.join(", ")}.`
      : `unknown property; did you mean '${suggestion}'?`,
    [key],
  );
}

function checkerOfArray(schema: z.ZodArray): (value: readonly unknown[], walk: WalkState) => unknown {
  const element = schema.element as z.ZodType;
  const [checkItem, isSecret] = [checkerOf(element), metaOf(element)?.secret === true];
  return (value, walk) => {
    for (const issue of arrayLevelIssues(schema, value)) addFailure(walk, describeIssue(issue, value, walk.secret));
    return value.map((item, index) => checkItem(item, descend(walk, index, isSecret)));
  };
}

function checkerOfRecord(schema: z.ZodRecord): (value: object, walk: WalkState) => unknown {
  const element = schema.valueType as z.ZodType;
  const keySchema = schema.keyType as unknown as z.ZodType;
  const [checkItem, isSecret] = [checkerOf(element), metaOf(element)?.secret === true];
  return (value, walk) => {
    for (const key of Object.keys(value)) checkLeaf(keySchema, key, descend(walk, key, false));
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, checkItem(item, descend(walk, key, isSecret))]),
    );
  };
}

function checkLeaf(schema: z.ZodType, value: unknown, walk: WalkState): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  // A value of another type has no length that could be wrong as well.
  const mistyped = issues.find(({ code, path }) => code === "invalid_type" && path.length === 0);
  for (const issue of mistyped === undefined ? issues : [mistyped]) {
    const within = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
    addFailure(walk, describeIssue(issue, value, walk.secret), within);
  }
  return value;
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
  const inputs = checkerOf(definition.inputs)(raw, { place: undefined, secret: false, failures }) as Properties;
  if (failures.length > 0) return { inputs, failures };

  const isKnown = !containsUnknown(inputs);
  for (const rule of definition.rules ?? []) {
    if (!isKnown && rule.reads.some((place) => containsUnknown(valueAtPath(inputs, place)))) continue;
    // The fields a rule reads were parsed above; fields it does not read may be unknown, and it promised not to look.
    failures.push(...rule.test(inputs as never, olds));
  }
  if (failures.length > 0 || definition.computeInputs === undefined) return { inputs, failures };
  return definition.computeInputs(inputs);
}
