/** A parsed YAML file with positions, and typed accessors that collect problems instead of throwing. */
import * as yaml from "yaml";
import type { Position, Problem } from "../model";
import { resolveAliases } from "./anchors";
import { findExceededLimit } from "./limits";
import { explainYamlError } from "./yamlError";

/** One key of a map with its value. */
export interface Member {
  readonly key: string;
  readonly keyNode: yaml.Node;
  /** `null` for `key:` without a value, and for `key: null`. */
  readonly value: yaml.Node | null;
}

/** Problems and warnings beyond this number are dropped. */
const MAX_REPORTED = 50;
const MAX_MESSAGE_LENGTH = 500;

/** Same tags whatever `%YAML` says. Duplicate keys are looked for here: the parser's check takes quadratic time. */
const PARSE_OPTIONS = { schema: "core", uniqueKeys: false, prettyErrors: false, logLevel: "error" } as const;

/** The nodes of one YAML file. Time and memory are linear in its size. */
export class YamlSource {
  readonly problems: Problem[] = [];
  /** Parts of the file without effect. */
  readonly warnings: Problem[] = [];
  readonly #lines = new yaml.LineCounter();
  #contents: yaml.Node | null = null;
  #aliases: ReadonlyMap<yaml.Alias, yaml.Node> = new Map();

  constructor(text: string) {
    for (let start = 0; start >= 0 && start <= text.length; start = nextLine(text, start))
      this.#lines.addNewLine(start);
    const exceeded = findExceededLimit(text);
    if (exceeded !== undefined) {
      this.#add(this.problems, this.#at(exceeded.offset), exceeded.message);
      return;
    }
    const document = yaml.parseDocument(text, PARSE_OPTIONS);
    // Report the first error only: the others mostly follow from it.
    const first = [...document.errors, ...document.warnings]
      .filter((error) => !isHarmless(error, text))
      .sort((a, b) => a.pos[0] - b.pos[0])[0];
    if (first !== undefined) {
      // An unclosed bracket is detected at the end of the file: point at the last non-blank line instead.
      const offset = Math.min(first.pos[0], text.trimEnd().length);
      this.#add(this.problems, this.#at(offset), `this is not valid YAML: ${explainYamlError(first)}.`);
      return;
    }
    this.#contents = document.contents;
    const { targets, problem } = resolveAliases(document.contents);
    this.#aliases = targets;
    if (problem !== undefined) this.report(problem.node, `this is not valid YAML: ${problem.message}.`);
    this.#reportDuplicateKeys(document);
  }

  /** The outermost node; `null` for an empty file. */
  get root(): yaml.Node | null {
    return this.resolve(this.#contents);
  }

  /** Follows aliases (`*name`). */
  resolve(node: unknown): yaml.Node | null {
    if (yaml.isAlias(node)) return this.#aliases.get(node) ?? null;
    return yaml.isNode(node) ? node : null;
  }

  /** Where a node starts; the start of the file for `null`. */
  position(node: yaml.Node | null): Position {
    return this.#at(node?.range?.[0] ?? 0);
  }

  /** Adds a problem at a node; returns `undefined`, so that readers can end with it. */
  report(node: yaml.Node | null, message: string): undefined {
    this.#add(this.problems, this.position(node), message);
  }

  /** Adds a warning at a node. */
  warn(node: yaml.Node | null, message: string): void {
    this.#add(this.warnings, this.position(node), message);
  }

  /**
   * Members of a map, those merged with `<<` last; `undefined` (and a problem) for anything else. A key that is not a scalar is
   * a problem.
   */
  mapMembers(node: yaml.Node | null, at: yaml.Node | null, what: string): Member[] | undefined {
    if (!yaml.isMap(node)) return this.report(node ?? at, `${what} must be a map.`);
    const members = new Map<string, Member>();
    const merged: Member[] = [];
    for (const { key, value } of node.items) {
      const keyNode = this.resolve(key) ?? node;
      const text = scalarText(keyNode);
      if (text === undefined || text === null) this.report(keyNode, `a key of ${what} must be a string.`);
      else if (text === "<<") merged.push(...this.#mergedMembers(this.resolve(value), keyNode, what));
      else members.set(text, { key: text, keyNode, value: nullIfEmpty(this.resolve(value)) });
    }
    for (const member of merged) if (!members.has(member.key)) members.set(member.key, member);
    return [...members.values()];
  }

  /** Items of a list; `undefined` (and a problem) for anything else. */
  listItems(node: yaml.Node | null, at: yaml.Node | null, what: string): (yaml.Node | null)[] | undefined {
    if (!yaml.isSeq(node)) return this.report(node ?? at, `${what} must be a list.`);
    return node.items.map((item) => this.resolve(item));
  }

  /** A non-empty string; `undefined` (and a problem) for anything else, numbers included. */
  string(node: yaml.Node | null, at: yaml.Node | null, what: string): string | undefined {
    const text = this.text(node, at, what);
    return text === "" ? this.report(node, `${what} must not be empty.`) : text;
  }

  /** A string, possibly empty; `undefined` (and a problem) for anything else, numbers included. */
  text(node: yaml.Node | null, at: yaml.Node | null, what: string): string | undefined {
    if (!yaml.isScalar(node) || typeof node.value !== "string") {
      const isPlain = yaml.isScalar(node) && node.value !== null;
      return this.report(node ?? at, `${what} must be a string${isPlain ? "; put it in quotes" : ""}.`);
    }
    if (node.value.includes("\0")) return this.report(node, `${what} must not contain a NUL character.`);
    return node.value;
  }

  /**
   * Text of any scalar, as written (`8080`, `true`), and "" for null, so that numbers need no quotes;
   * `undefined` (and a problem) for maps, lists and NUL.
   */
  scalar(node: yaml.Node | null, at: yaml.Node | null, what: string): string | undefined {
    const text = node === null ? null : scalarText(node);
    if (text === undefined) return this.report(node ?? at, `${what} must be a string, a number or a boolean.`);
    if (text?.includes("\0")) return this.report(node, `${what} must not contain a NUL character.`);
    return text ?? "";
  }

  /** Members of the maps that `<<` names. The first map that has a key wins. Source: YAML 1.1, "merge" type. */
  #mergedMembers(node: yaml.Node | null, at: yaml.Node, what: string): Member[] {
    if (!yaml.isSeq(node)) return this.mapMembers(node, at, `'<<' of ${what}`) ?? [];
    return node.items.flatMap((item) => this.mapMembers(this.resolve(item), at, `'<<' of ${what}`) ?? []);
  }

  #reportDuplicateKeys(document: yaml.Document.Parsed): void {
    yaml.visit(document, {
      Map: (_key, map) => {
        const seen = new Set<string>();
        for (const { key } of map.items) {
          if (!yaml.isNode(key)) continue;
          const text = scalarText(key);
          if (text === undefined || text === null) continue;
          if (seen.has(text)) this.report(key, "this is not valid YAML: duplicate key; keep one of them.");
          seen.add(text);
        }
      },
    });
  }

  #add(list: Problem[], position: Position, message: string): void {
    const short = message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message;
    if (list.length < MAX_REPORTED) list.push({ ...position, message: short });
  }

  #at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

/** Start of the line after the one at `start`; -1 if it is the last. */
const nextLine = (text: string, start: number): number => {
  const newline = text.indexOf("\n", start);
  return newline < 0 ? -1 : newline + 1;
};

/** What Go's YAML parser accepts: a closing bracket at the margin, and a second document without content. */
function isHarmless({ name, code, pos }: yaml.YAMLError, text: string): boolean {
  if (code === "BAD_INDENT") return name === "YAMLWarning";
  if (code !== "MULTIPLE_DOCS") return false;
  const lines = text.slice(pos[0]).split("\n");
  return lines.every((line) => line.trim() === "" || line.trim() === "---" || line.trimStart().startsWith("#"));
}

const nullIfEmpty = (node: yaml.Node | null): yaml.Node | null =>
  yaml.isScalar(node) && node.value === null ? null : node;

/** `null` for null, `undefined` for a node that is not a scalar. */
function scalarText(node: yaml.Node): string | null | undefined {
  if (!yaml.isScalar(node)) return undefined;
  if (node.value === null || node.value === undefined) return null;
  return typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
}
