/** A parsed YAML file with positions, and typed accessors that collect problems instead of throwing. */
import * as yaml from "yaml";
import type { Position, Problem } from "./model";
import { explainYamlError } from "./yamlError";

/** One key of a map with its value. */
export interface Member {
  readonly key: string;
  readonly keyNode: yaml.Node;
  /** `null` for `key:` without a value. */
  readonly value: yaml.Node | null;
}

/** The nodes of one YAML file. */
export class YamlSource {
  readonly problems: Problem[] = [];
  readonly #document: yaml.Document.Parsed;
  readonly #lines: yaml.LineCounter;

  constructor(text: string) {
    this.#lines = new yaml.LineCounter();
    this.#document = yaml.parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      logLevel: "error", // "silent" would also drop the error about a second document
    });
    // Report the first error only: the others mostly follow from it.
    const first = [...this.#document.errors, ...this.#document.warnings].sort((a, b) => a.pos[0] - b.pos[0])[0];
    if (first !== undefined) {
      // An unclosed bracket is detected at the end of the file: point at the last non-blank line instead.
      const offset = Math.min(first.pos[0], text.trimEnd().length);
      this.problems.push({ ...this.#at(offset), message: `this is not valid YAML: ${explainYamlError(first)}.` });
      return;
    }
    yaml.visit(this.#document, {
      Alias: (_key, alias) => {
        if (alias.resolve(this.#document) === undefined) {
          this.report(alias, "this is not valid YAML: no anchor with this name precedes it.");
        }
      },
    });
  }

  /** The outermost node; `null` for an empty file. */
  get root(): yaml.Node | null {
    return this.resolve(this.#document.contents);
  }

  /** Follows aliases (`*name`). */
  resolve(node: unknown): yaml.Node | null {
    if (yaml.isAlias(node)) return node.resolve(this.#document) ?? null;
    return yaml.isNode(node) ? node : null;
  }

  /** Where a node starts; the start of the file for `null`. */
  position(node: yaml.Node | null): Position {
    return this.#at(node?.range?.[0] ?? 0);
  }

  /** Adds a problem at a node; returns `undefined`, so that readers can end with it. */
  report(node: yaml.Node | null, message: string): undefined {
    this.problems.push({ ...this.position(node), message });
  }

  /** Members of a map; `undefined` (and a problem) for anything else. A key that is not a scalar is a problem. */
  mapMembers(node: yaml.Node | null, at: yaml.Node | null, what: string): Member[] | undefined {
    if (!yaml.isMap(node)) return this.report(node ?? at, `${what} must be a map.`);
    return node.items.flatMap(({ key, value }): Member[] => {
      const keyNode = this.resolve(key) ?? node;
      const text = scalarText(keyNode);
      if (text === undefined || text === null) return this.report(keyNode, `a key of ${what} must be a string.`) ?? [];
      return [{ key: text, keyNode, value: this.resolve(value) }];
    });
  }

  /** Items of a list; `undefined` (and a problem) for anything else. */
  listItems(node: yaml.Node | null, at: yaml.Node | null, what: string): (yaml.Node | null)[] | undefined {
    if (!yaml.isSeq(node)) return this.report(node ?? at, `${what} must be a list.`);
    return node.items.map((item) => this.resolve(item));
  }

  /** A non-empty string; `undefined` (and a problem) for anything else, numbers included. */
  string(node: yaml.Node | null, at: yaml.Node | null, what: string): string | undefined {
    if (!yaml.isScalar(node) || typeof node.value !== "string") {
      return this.report(node ?? at, `${what} must be a string${isPlainScalar(node) ? "; put it in quotes" : ""}.`);
    }
    if (node.value === "") return this.report(node, `${what} must not be empty.`);
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

  #at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

/** `null` for null, `undefined` for a node that is not a scalar. */
function scalarText(node: yaml.Node): string | null | undefined {
  if (!yaml.isScalar(node)) return undefined;
  if (node.value === null || node.value === undefined) return null;
  return typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
}

const isPlainScalar = (node: yaml.Node | null): boolean => yaml.isScalar(node) && node.value !== null;
