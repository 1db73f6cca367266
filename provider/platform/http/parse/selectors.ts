/** Parses the body of a read: the objects that it names and the parameters of each. Pure. */
import * as z from "zod";
import { RequestError } from "../../errors";
import type { Selector } from "../../lookup";
import { explainIssues } from "../../validation/issueMessages";
import { MAX_OBJECTS } from "../limits";

/** One `name=value` pair of a query. */
export type QueryParameter = readonly [name: string, value: string];

/** The selectors of a request, and its other parameters. */
export interface SelectorsAndParameters {
  readonly selectors: readonly Selector[];
  readonly parameters: readonly QueryParameter[];
}

/** The arguments of a request, validated by its route's models. */
export interface ParsedArguments {
  /** The query without selectors. */
  readonly query: unknown;
  /**
   * One body per call of the handler. Each item names its object, even if the path or query named it in the request.
   */
  readonly bodies: readonly [unknown, ...unknown[]];
  /** The selectors of a read; empty for operations with a body model. */
  readonly selectors: readonly Selector[];
  /** Encodes items in the format that the path implies; `undefined`: in that of the dialect. */
  readonly encodeItems?: (items: readonly object[]) => readonly object[];
}

/** The unparsed arguments of a request. */
export interface RawArguments {
  /** The object that the path names; empty if it names none. */
  readonly inPath: readonly Selector[];
  readonly parameters: readonly QueryParameter[];
  /** The text of the body; `undefined` if there is none. */
  readonly body: string | undefined;
}

/** Parameters of a read that may differ per object, with the values for entries that omit them. */
const POSITIONAL_DEFAULTS: Readonly<Record<string, string>> = {
  state: "running",
  timeout_s: "-1",
  timeout_ms: "-1",
  offset: "-4096",
  limit: "4096",
};

type Entry = Readonly<Record<string, string | number | boolean>>;
const entryModel = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/**
 * Parses the body of a read: one entry, or an array of entries. Members other than the selector become parameters; those of
 * {@link POSITIONAL_DEFAULTS} become lists with one value per entry. Throws {@link RequestError} 400.
 *
 * @param takesSelectors false for operations that do not select by uuid or name (images)
 * @param given the objects that path and query name: an entry that names none is about each of them
 */
export function parseEntries(
  json: unknown,
  takesSelectors: boolean,
  given: readonly Selector[] = [],
): SelectorsAndParameters {
  const input = (Array.isArray(json) ? (json as unknown[]) : [json]).flatMap((entry) => withSelectors(entry, given));
  if (input.length > MAX_OBJECTS) throw tooManyObjectsError(input.length);
  const parsed = z.array(entryModel).safeParse(input);
  if (!parsed.success) {
    const { message, code } = explainIssues(parsed.error.issues, { input, name: "the body" });
    throw new RequestError(400, message, code);
  }
  const entries = unifyTimeoutUnits(parsed.data);
  const selectors = takesSelectors ? entries.map(toSelector) : [];
  const positional = Object.keys(POSITIONAL_DEFAULTS).filter((key) =>
    entries.some((entry) => entry[key] !== undefined),
  );
  const parameters = entries.flatMap((entry) => [
    ...positional.map((key): QueryParameter => [key, String(entry[key] ?? POSITIONAL_DEFAULTS[key])]),
    ...Object.entries(entry)
      .filter(
        ([key]) => !Object.hasOwn(POSITIONAL_DEFAULTS, key) && !(takesSelectors && (key === "uuid" || key === "name")),
      )
      .map(([key, value]): QueryParameter => [key, String(value)]),
  ]);
  return { selectors, parameters };
}

/** The entry; if it names no object, one copy of it for each given object. */
const withSelectors = (entry: unknown, given: readonly Selector[]): readonly unknown[] =>
  given.length > 0 && typeof entry === "object" && entry !== null && !("uuid" in entry) && !("name" in entry)
    ? given.map((selector) => ({ ...selector, ...entry }))
    : [entry];

/**
 * If one entry has its timeout in milliseconds, converts all: with two lists, defaults could not be told from values.
 */
function unifyTimeoutUnits(entries: readonly Entry[]): readonly Entry[] {
  if (!entries.some((entry) => entry["timeout_ms"] !== undefined)) return entries;
  return entries.map(({ timeout_s: seconds, ...entry }) =>
    seconds === undefined ? entry : { timeout_ms: Number(seconds) < 0 ? -1 : Number(seconds) * 1000, ...entry },
  );
}

function toSelector({ uuid, name }: Entry, index: number): Selector {
  if (uuid !== undefined && name !== undefined)
    throw new RequestError(400, `Either 'uuid' or 'name' must be given in '[${index}]', not both`, "NotBoth");
  if (uuid !== undefined) return { uuid: String(uuid) };
  if (name !== undefined) return { name: String(name) };
  throw new RequestError(400, `Either 'uuid' or 'name' must be given in '[${index}]'`, "MissingId");
}

/** The error of a request that names more than {@link MAX_OBJECTS} objects. */
export const tooManyObjectsError = (count: number): RequestError =>
  new RequestError(400, `A request names at most ${MAX_OBJECTS} objects; this one has ${count}`, "TooMany");
