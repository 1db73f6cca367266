/** The content of a Compose file: maps, lists and interpolated values, each with its place in its file. */
import * as yaml from "yaml";
import { YamlSource } from "../../image/kraftfile/yaml/yamlSource";
import { InterpolationError, type Lookup, interpolate } from "../text/interpolate";
import { isRewritten } from "../text/plainScalar";
import type { Place, Reports } from "./reports";

/** A string, a number or a boolean as it is written, variables replaced; `null` for no value. */
export interface Scalar {
  readonly kind: "scalar";
  readonly at: Place;
  readonly text: string | null;
  /** A value of a variable is part of the text. It may be secret, so messages quote `written` instead. */
  readonly isSecret: boolean;
  /** The text before interpolation. */
  readonly written: string;
  /** Compose would give a program another text, since this one has no quotes. */
  readonly isRewritten?: boolean;
}

/** A list. */
export interface List {
  readonly kind: "list";
  readonly at: Place;
  readonly items: readonly Tree[];
}

/** One key of a map. */
export interface Entry {
  readonly at: Place;
  readonly value: Tree;
}

/** A map, in the order of the file. */
export interface Mapping {
  readonly kind: "map";
  readonly at: Place;
  readonly entries: ReadonlyMap<string, Entry>;
}

/** Any value of a file. */
export type Tree = Scalar | List | Mapping;

/** Reads YAML, and replaces variables in values, not in keys. `undefined` if the text is not YAML, which is reported. */
export function parseTree(file: string, content: string, lookup: Lookup, reports: Reports): Tree | undefined {
  const source = new YamlSource(content);
  const placeOf = (node: yaml.Node | null): Place => ({ file, ...source.position(node) });
  const scalarOf = (node: yaml.Node | null, at: Place, isInterpolated: boolean): Scalar => {
    const written = node === null ? "" : source.scalar(node, null, "a value");
    if (node === null || written === undefined || isNull(node))
      return { kind: "scalar", at, text: null, isSecret: false, written: "" };
    if (!isInterpolated) return { kind: "scalar", at, text: written, isSecret: false, written };
    try {
      const { text, used, unset } = interpolate(written, lookup);
      for (const name of unset) reports.warn(at, `the variable ${name} is not set; it is replaced by nothing.`);
      const isPlain = yaml.isScalar(node) && node.type === yaml.Scalar.PLAIN;
      return {
        kind: "scalar",
        at,
        text,
        isSecret: used.length > 0,
        written,
        isRewritten: isPlain && isRewritten(written),
      };
    } catch (error) {
      if (!(error instanceof InterpolationError)) throw error;
      reports.problem(at, `${error.message}.`);
      return { kind: "scalar", at, text: "", isSecret: true, written };
    }
  };
  const treeOf = (node: yaml.Node | null, at: Place, isInterpolated: boolean): Tree => {
    if (yaml.isSeq(node))
      return {
        kind: "list",
        at,
        items: node.items.map((item) => {
          const resolved = source.resolve(item);
          return treeOf(resolved, resolved === null ? at : placeOf(resolved), isInterpolated);
        }),
      };
    if (!yaml.isMap(node)) return scalarOf(node, at, isInterpolated);
    const entries = new Map<string, Entry>();
    for (const { key, keyNode, value } of source.mapMembers(node, node, "this") ?? []) {
      const place = placeOf(keyNode);
      // Nothing reads an extension, so its dollar signs are its own.
      const inner = isInterpolated && !(key.startsWith("x-") && key !== KRAFTFILE_KEY);
      entries.set(key, { at: place, value: treeOf(value, value === null ? place : placeOf(value), inner) });
    }
    return { kind: "map", at, entries };
  };
  const root = source.problems.length > 0 ? undefined : treeOf(source.root, placeOf(source.root), true);
  for (const { message, ...position } of source.problems)
    reports.problem(
      { file, ...position },
      message.replace(MERGE_TAG, "'$1' is not supported; correct the file that it changes instead."),
    );
  return source.problems.length > 0 ? undefined : root;
}

/** What YAML says of the tags with which a file undoes what those before it say. */
const MERGE_TAG = /^this is not valid YAML: unresolved tag: (!reset|!override)\.$/;

/** Names the Kraftfile in `build`; the only extension that is read. */
export const KRAFTFILE_KEY = "x-kraftfile";

const isNull = (node: yaml.Node): boolean => yaml.isScalar(node) && (node.value === null || node.value === undefined);
