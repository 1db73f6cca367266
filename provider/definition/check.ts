/**
 * Validates raw inputs and fills in defaults, or reports failures with property paths.
 *
 * The walk follows the zod schema. It fills in defaults and validates the known parts of a value and skips unknown parts, so an
 * input that is valid when known never fails because a part of it is unknown.
 */
import * as z from "zod";
import type { MetroIdentity } from "../base/config/metroConfig";
import { closestMatch } from "../base/spelling";
import { assetSchema, isSpecialValue } from "./asset";
import {
  type CheckFailure,
  type ComputedInputs,
  type Definition,
  type FieldMeta,
  type Properties,
  adviceForKey,
  innerSchema,
  metaOf,
} from "./resource";
import { fieldsIn } from "./fields";
import { describeIssue } from "./issueMessage";
import { type PathPart, formatPath, parsePath } from "./propertyPath";
import { containsUnknown, isUnknown } from "./unknowns";

/** Result of a check. `inputs` are valid only if there are no failures. */
export type CheckResult = ComputedInputs;

/** A path in the inputs as a linked list, last part first: cheap to extend, and few paths are ever printed. */
interface PathNode {
  readonly parent: PathNode | undefined;
  readonly part: PathPart;
}

/** Position of the walk, and the failures so far. */
interface WalkState {
  readonly path: PathNode | undefined;
  /** Inside a secret field: values must not be quoted. */
  readonly secret: boolean;
  readonly failures: CheckFailure[];
}

/** Checks a value and returns it with defaults. */
type Checker = (value: unknown, walk: WalkState) => unknown;

const descend = ({ path, secret, failures }: WalkState, part: PathPart, isSecret: boolean): WalkState => ({
  path: { parent: path, part },
  secret: secret || isSecret,
  failures,
});

function addFailure({ path, failures }: WalkState, reason: string, subpath: readonly PathPart[] = []): void {
  const parts = [...subpath];
  for (let node = path; node !== undefined; node = node.parent) parts.unshift(node.part);
  failures.push({ property: formatPath(parts), reason });
}

const checkers = new WeakMap<z.ZodType, Checker>();

/** The checker of a schema, created once per schema. */
function checkerOf(schema: z.ZodType): Checker {
  const checker = checkers.get(schema) ?? createChecker(schema);
  checkers.set(schema, checker);
  return checker;
}

function createChecker(schema: z.ZodType): Checker {
  const inner = innerSchema(schema);
  const checkKnown = inner === undefined ? checkerOfBare(schema) : checkerOfWrapper(schema, checkerOf(inner));
  return (value, walk) => (isUnknown(value) ? value : checkKnown(value, walk));
}

/** Treats null like undefined: Pulumi sends null for members that are undefined in nested values. */
const checkerOfWrapper = (schema: z.ZodType, checkInner: Checker): Checker =>
  schema instanceof z.ZodDefault
    ? (value, walk) => checkInner(value ?? schema.def.defaultValue, walk)
    : (value, walk) => (value === undefined || value === null ? undefined : checkInner(value, walk));

function checkerOfBare(schema: z.ZodType): Checker {
  const checkWhole: Checker = (value, walk) => checkLeaf(schema, value, walk);
  const checkParts = checkerOfParts(schema);
  // Only lists and objects have parts to walk.
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
  const object =
    schema instanceof z.ZodUnion ? schema.options.find((option) => option instanceof z.ZodObject) : undefined;
  if (object !== undefined) {
    const [checkObject, checkAsset] = [checkerOf(object), checkerOf(assetSchema)];
    return (value, walk) =>
      (isSpecialValue(value) ? checkAsset : Array.isArray(value) ? checkOther : checkObject)(value, walk);
  }
  return checkOther;
}

const isHidden = (meta: FieldMeta | undefined): boolean => meta?.secret === true || meta?.neverPrinted === true;

function checkerOfObject(schema: z.ZodObject): (value: object, walk: WalkState) => unknown {
  // Computed ones are computed again: `ignoreChanges` may bring those of the state.
  const given = fieldsIn(schema).filter(({ meta }) => meta?.computed !== true);
  const fields = given.map(({ name, schema: inner, meta }) => ({
    name,
    check: checkerOf(inner),
    isSecret: isHidden(meta),
  }));
  return (value, walk) => {
    const properties = value as Properties;
    const result: Record<string, unknown> = {};
    for (const { name, check: checkField, isSecret } of fields) {
      const checked = checkField(properties[name], descend(walk, name, isSecret));
      if (checked !== undefined) result[name] = checked;
    }
    for (const key of Object.keys(properties)) {
      if (!Object.hasOwn(schema.shape, key) && properties[key] !== undefined) addUnknownKey(schema, key, walk);
    }
    return result;
  };
}

function addUnknownKey(schema: z.ZodObject, key: string, walk: WalkState): void {
  const advice = adviceForKey(schema, key);
  if (advice !== undefined) return addFailure(walk, advice, [key]);
  const knownKeys = fieldsIn(schema).flatMap(({ name, meta }) => (meta?.computed === true ? [] : [name]));
  const suggestion = closestMatch(key, knownKeys);
  addFailure(
    walk,
    suggestion === undefined
      ? `unknown property. Known properties: ${knownKeys.join(", ")}.`
      : `unknown property; did you mean '${suggestion}'?`,
    [key],
  );
}

function checkerOfArray(schema: z.ZodArray): (value: readonly unknown[], walk: WalkState) => unknown {
  const element = schema.element as z.ZodType;
  const [checkItem, isSecret] = [checkerOf(element), isHidden(metaOf(element))];
  return (value, walk) => {
    for (const issue of arrayLevelIssues(schema, value)) addFailure(walk, describeIssue(issue, value, walk.secret));
    return value.map((item, index) => checkItem(item, descend(walk, index, isSecret)));
  };
}

function checkerOfRecord(schema: z.ZodRecord): (value: object, walk: WalkState) => unknown {
  const element = schema.valueType as z.ZodType;
  const keySchema = schema.keyType as unknown as z.ZodType;
  const [checkItem, isSecret] = [checkerOf(element), isHidden(metaOf(element))];
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
  // For a value of the wrong type, other issues such as its length are noise.
  const mistyped = issues.find(({ code, path }) => code === "invalid_type" && path.length === 0);
  for (const issue of mistyped === undefined ? issues : [mistyped]) {
    const subpath = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
    addFailure(walk, describeIssue(issue, value, walk.secret, walk.path?.part), subpath);
  }
  return value;
}

/** Issues of a list as a whole, such as its length; the walk checks its items. */
function arrayLevelIssues(schema: z.ZodArray, value: readonly unknown[]): readonly z.core.$ZodIssue[] {
  if ((schema.def.checks ?? []).length === 0) return [];
  return schema.safeParse(value).error?.issues.filter((issue) => issue.path.length === 0) ?? [];
}

/** The value at a path that a rule reads; unknown if a parent is unknown. */
const valueAtPath = (inputs: Properties, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>((value, key) => (isUnknown(value) ? value : (value as Properties | undefined)?.[key]), inputs);

/**
 * Validates inputs and fills in defaults. Collects every failure and never throws on invalid input.
 *
 * @param olds the inputs in state, for rules about changes; `{}` for a new resource
 * @param metro for computed inputs; `undefined` if the settings are invalid, or where nothing is computed
 */
export async function check(
  definition: Definition,
  olds: Properties,
  raw: Properties,
  metro?: MetroIdentity,
): Promise<CheckResult> {
  const failures: CheckFailure[] = [];
  const inputs = checkerOf(definition.inputs)(raw, { path: undefined, secret: false, failures }) as Properties;
  const sound = failures.length === 0 ? inputs : withoutFailedEntries(definition, inputs, failures);
  if (sound === undefined) return { inputs, failures };

  const isKnown = !containsUnknown(sound);
  for (const rule of definition.rules ?? []) {
    if (!isKnown && rule.reads.some((path) => containsUnknown(valueAtPath(sound, path)))) continue;
    // The fields that the rule reads are valid and known; it must not read others, which may be unknown.
    failures.push(...rule.test(sound as never, olds));
  }
  if (definition.computeInputs === undefined) return { inputs, failures };
  // All problems in one round: what only the contents of files tell, too.
  const left = failures.length === 0 ? sound : withoutFailedEntries(definition, inputs, failures);
  if (left === undefined) return { inputs, failures };
  const computed = await definition.computeInputs(left, metro, olds);
  return failures.length === 0 ? computed : { inputs, failures: [...failures, ...computed.failures] };
}

/**
 * The inputs of a kind with {@link Definition.computeInputs}, without the entries of maps that have failures, such as one of `files`;
 * `undefined` if anything else has failures.
 */
function withoutFailedEntries(
  { inputs: schema, computeInputs }: Definition,
  inputs: Properties,
  failures: readonly CheckFailure[],
): Properties | undefined {
  if (computeInputs === undefined) return undefined;
  const kept: Record<string, unknown> = { ...inputs };
  for (const { property } of failures) {
    const [name, key] = parsePath(property) ?? [];
    const type = typeof name === "string" ? unwrap(schema.shape[name] as z.ZodType | undefined) : undefined;
    if (typeof name !== "string" || typeof key !== "string" || !(type instanceof z.ZodRecord)) return undefined;
    const { [key]: failed, ...others } = kept[name] as Properties;
    if (failed === undefined && !Object.hasOwn(inputs[name] as Properties, key)) return undefined;
    kept[name] = others;
  }
  return kept;
}

/** The schema without its wrappers, such as `.default()`. */
function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  const inner = schema && innerSchema(schema);
  return inner === undefined ? schema : unwrap(inner);
}
