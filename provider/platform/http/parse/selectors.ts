/** Which objects the body of a read names, and what it asks of each. Pure. */
import * as z from "zod";
import { RequestError } from "../../errors";
import type { Selector } from "../../lookup";
import { explainIssues } from "../../validation/issueMessages";
import { MAX_OBJECTS } from "../limits";

/** One `name=value` of a query. */
export type QueryParameter = readonly [name: string, value: string];

/** What a request names, and the parameters beside. */
export interface SelectorsAndParameters {
  readonly selectors: readonly Selector[];
  readonly parameters: readonly QueryParameter[];
}

/** The arguments of a request, checked by the models of its route. */
export interface ParsedArguments {
  /** Without selectors. */
  readonly query: unknown;
  /** One for each call of the route's handler; its items name their objects, whatever named them in the request. */
  readonly bodies: readonly [unknown, ...unknown[]];
  /** Of a request without such a body. */
  readonly selectors: readonly Selector[];
  /** Writes items in the request's own form; undefined where the dialect's is the form. */
  readonly encodeItems?: (items: readonly object[]) => readonly object[];
}

/** Where a request may say what it means, not yet parsed. */
export interface RawArguments {
  /** The object that the path names. */
  readonly inPath: readonly Selector[];
  readonly parameters: readonly QueryParameter[];
  /** The text of the body; undefined when none was sent. */
  readonly body: string | undefined;
}

/** What each object of a read has for itself, and what a position stands for when its entry does not say. */
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
 * What the body of a read names: an array of entries, or one entry. Their members beside the selector become parameters, those
 * that each object has for itself position by position. Throws {@link RequestError} 400.
 *
 * @param takesSelectors false where objects are chosen by something else (images)
 */
export function parseEntries(json: unknown, takesSelectors: boolean): SelectorsAndParameters {
  const input = Array.isArray(json) ? (json as unknown[]) : [json];
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

/** Where one entry gives its time in milliseconds, all do: positions of two lists could not be told from defaults. */
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

/** The error of a request that names more objects than one may. */
export const tooManyObjectsError = (count: number): RequestError =>
  new RequestError(400, `A request names at most ${MAX_OBJECTS} objects; this one has ${count}`, "TooMany");
