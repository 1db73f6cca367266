/** Compares old state with new inputs. Each field's metadata defines the effect of its change. */
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { fieldsIn } from "./fields";
import {
  type ChangeEffect,
  type Definition,
  type FieldChange,
  type FieldMeta,
  type Properties,
  type PropertyChange,
  innerSchema,
  metaOf,
} from "./resource";
import { type PathPattern, requestedReplacement } from "./replaceOnChanges";
import { containsUnknown, isUnknown } from "./unknowns";

const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

const isSameAsAbsent = (schema: z.ZodType | undefined, value: unknown): boolean =>
  schema !== undefined && metaOf(schema)?.sameAsAbsent === value;

/** Sorts unordered lists, and drops values that mean the same as none, so that what means the same compares equal. */
function normalise(schema: z.ZodType, value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  const inner = innerSchema(schema);
  const unordered = metaOf(schema)?.unordered === true;
  if (inner !== undefined && !unordered) return normalise(inner, value);
  const bare = inner ?? schema;
  if (bare instanceof z.ZodArray && Array.isArray(value)) {
    const items = value.map((item) => normalise(bare.element as z.ZodType, item));
    return unordered ? items.sort((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1)) : items;
  }
  if (bare instanceof z.ZodObject) {
    const shape = bare.shape as Readonly<Record<string, z.ZodType>>;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key, v]) => v !== undefined && v !== null && !isSameAsAbsent(shape[key], v))
        .map(([key, v]) => [key, Object.hasOwn(shape, key) ? normalise(shape[key] as z.ZodType, v) : v]),
    );
  }
  return value;
}

/** The schema of a member of a value; `undefined` if the schema does not define it. Of a union, its object has members. */
export function memberSchema(schema: z.ZodType, key: string): z.ZodType | undefined {
  const bare = innerSchema(schema) ?? schema;
  if (bare instanceof z.ZodUnion) {
    const object = (bare.options as readonly z.ZodType[]).find((option) => option instanceof z.ZodObject);
    return object && memberSchema(object, key);
  }
  if (bare instanceof z.ZodArray) return bare.element as z.ZodType;
  if (bare instanceof z.ZodRecord) return bare.valueType as z.ZodType;
  if (!(bare instanceof z.ZodObject) || !Object.hasOwn(bare.shape, key)) return undefined;
  return (bare.shape as Readonly<Record<string, z.ZodType>>)[key];
}

/** True if known parts of `news` differ from `olds`. Unknown parts count as equal. */
export function knownPartsDiffer(schema: z.ZodType | undefined, olds: unknown, news: unknown): boolean {
  if (isUnknown(news)) return false;
  if (!containsUnknown(news)) return !isDeepStrictEqual(olds, news);
  if (olds === null || typeof olds !== "object" || Array.isArray(olds) !== Array.isArray(news)) return true;
  if (schema !== undefined && metaOf(schema)?.unordered === true && Array.isArray(olds) && Array.isArray(news)) {
    const element = memberSchema(schema, "");
    return (
      olds.length !== news.length || news.some((item) => olds.every((old) => knownPartsDiffer(element, old, item)))
    );
  }
  const [before, after] = [olds as Properties, news as Properties];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].some((key) => knownPartsDiffer(schema && memberSchema(schema, key), before[key], after[key]));
}

/** The effect of a change that is certain now, and the one possible once unknown parts are known. */
function effectsOf(
  { onChange = "update" }: Partial<FieldMeta>,
  change: FieldChange,
): { readonly certain: ChangeEffect; readonly possible: ChangeEffect } {
  if (typeof onChange !== "function") return { certain: onChange, possible: onChange };
  const possible = onChange(change);
  return { certain: containsUnknown(change.after) ? "update" : possible, possible };
}

/**
 * The changed fields. `olds` may be the complete old state, inputs and outputs together, as the engine passes it; only input
 * fields are compared. `diff(definition, a, a)` is empty.
 *
 * @param replaceOnChanges paths whose changes the program wants to be replacements
 */
export function diff(
  definition: Pick<Definition, "inputs" | "restartReplaces">,
  olds: Properties,
  news: Properties,
  replaceOnChanges: readonly PathPattern[] = [],
): readonly PropertyChange[] {
  const changes: PropertyChange[] = [];
  const restartReplaces = definition.restartReplaces?.(olds, news) === true;
  for (const { name: property, schema, meta } of fieldsIn(definition.inputs)) {
    // Fast path: most fields are unchanged.
    if (olds[property] === news[property] || isDeepStrictEqual(olds[property], news[property])) continue;
    const [before, after] = [normalise(schema, olds[property]), normalise(schema, news[property])];
    if (isDeepStrictEqual(before, after)) continue;
    if (after === undefined && meta?.keptWhenAbsent === true) continue;
    const { certain: sure, possible } = effectsOf(meta ?? {}, { before, after, news });
    // A wildcard means every change that counts; a property that counts at creation only must be named.
    const patterns = sure === "ignore" ? replaceOnChanges.filter(([root]) => root === property) : replaceOnChanges;
    const requested = requestedReplacement(patterns, property, before, after);
    if (sure === "ignore" && !requested.sure) continue;
    const certain = knownPartsDiffer(schema, before, after);
    const replaces = (effect: ChangeEffect): boolean =>
      effect === "replace" || (effect === "restart" && restartReplaces);
    const mustReplace = certain && replaces(sure);
    const replace = mustReplace || requested.sure;
    changes.push({
      property,
      replace,
      mayReplace: !replace && (replaces(possible) || requested.possible),
      restart: sure === "restart" && !restartReplaces,
      certain,
      ...(requested.sure && !mustReplace ? { isReplacementRequested: true } : {}),
    });
  }
  return changes;
}
